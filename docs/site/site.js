// Whatever scrolls sideways can be scrolled from the keyboard, too: wide tables and long lines of code, also where they are unfolded later.
const marked = () => {
  for (const wide of document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset pre > code")) {
    if (wide.scrollWidth > wide.clientWidth) {
      wide.tabIndex = 0
    }
  }
}
new ResizeObserver(marked).observe(document.body)
