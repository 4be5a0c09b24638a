/* Left empty on purpose: this file takes the place of the theme's fontawesome.js
   (1.5 MB on every page). The icons come from the CSS web fonts all the same. */
