"""What is measured of a page in a browser: what lies beyond its width, and texts that can hardly be read."""

CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const over = ([r, g, b, a], behind) => [r, g, b].map((c, i) => (c * a + behind[i] * (255 - a)) / 255).concat(255);
  const behind = element => {
    const colours = [];
    for (let each = element; each; each = each.parentElement) {
      colours.push(rgba(getComputedStyle(each).backgroundColor));
      if (colours.at(-1)[3] === 255) break;
    }
    return colours.reduceRight((found, each) => over(each, found), [255, 255, 255, 255]);
  };
  const bad = [];
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.closest("title, desc, .cell, style") || !element.getClientRects().length) continue;
    const style = getComputedStyle(element), isDrawn = element.namespaceURI.includes("svg"), ground = behind(element);
    const colour = rgba(isDrawn ? style.fill : style.color);
    if (isDrawn) colour[3] *= Number(style.fillOpacity);
    const [low, high] = [light(over(colour, ground)), light(ground)].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) bad.push([element.className.baseVal ?? element.className, element.textContent, ratio]);
  }
  return bad;
}"""
"""Texts whose contrast is below 4.5, with its ratio; transparent colours lie over what is behind them."""
SPILLED = """() => [...document.querySelectorAll("main *")]
  .filter(each => !each.closest(".scroll, .mvn-scroll") && each.getBoundingClientRect().right > innerWidth + 0.5
    && each.getClientRects().length)
  .map(each => [each.tagName, each.textContent.slice(0, 40), each.getBoundingClientRect().right])"""
"""What ends beyond the right edge, but for what is scrolled."""
WIDTHS = "[document.documentElement.scrollWidth, document.body.scrollWidth]"
"""Widths of the page, which are those of the window if it cannot be scrolled sideways."""
