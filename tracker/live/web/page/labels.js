// What targets are called, and where their labels are in the picture.

export const LABEL = 21; // height of a label in the picture
const LEAST = 84; // width that a name keeps, however little room there is

export const labelOf = (target) => target.name || `target ${target.id}`;

/** Black or white, whichever reads better on a colour "#rrggbb". */
export function inkOn(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#000000" : "#ffffff";
}

/** A text with as many of its letters as fit into `most` CSS pixels, or into the least that a name keeps. */
export function shorten(context, text, most) {
  const room = Math.max(LEAST, most);
  if (context.measureText(text).width <= room) return text;
  const letters = [...text];
  let [low, high] = [0, letters.length];
  const cut = (count) => `${letters.slice(0, count).join("").trimEnd()}…`;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (context.measureText(cut(middle)).width <= room) low = middle;
    else high = middle - 1;
  }
  return cut(low);
}

/** How much of a place [x, y, w, h] is covered by others. */
const covered = ([x, y, w, h], others) =>
  others.reduce((sum, [ox, oy, ow, oh]) => {
    const across = Math.min(x + w, ox + ow) - Math.max(x, ox);
    const down = Math.min(y + h, oy + oh) - Math.max(y, oy);
    return sum + Math.max(0, across) * Math.max(0, down);
  }, 0);

/**
 * Where a label of some width goes within the picture: above its box, below it, or inside, wherever it hides the least of
 * the `others`' boxes; and a line further away where it would cover one of the `labels` that are there already.
 */
export function placeLabel([x, y, w, h], width, [left, top, wide, high], others, labels) {
  const within = (at) => Math.max(left + 1, Math.min(at, left + wide - width - 1));
  const sides = [within(x - 2), within(x + w + 2 - width)];
  const rows = (...heights) => heights.flatMap((from) => sides.map((at) => [at, from, width, LABEL]));
  const seen = ([, from]) => from > top && from + LABEL < top + high;
  const near = rows(y - LABEL - 5, y + h + 5).filter(seen);
  const inside = [within(x), Math.max(top + 1, y + 3), width, LABEL];
  const hidden = (place) => covered(place, others) + 4 * covered(place, labels); // a label is all text
  const least = (places) => places.reduce((best, place) => (hidden(place) < hidden(best) ? place : best));
  const best = least([...near, inside]);
  if (!covered(best, labels)) return best;
  const further = rows(y + h + LABEL + 7, y - 2 * LABEL - 7, y + LABEL + 5).filter(seen);
  return least([best, ...further]);
}
