/* Opened from a disk (file://), a page may not read other pages by script. The search still
   finds them, but its excerpts would each end in an error: leave them out there. */
if (window.location.protocol === "file:") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}
