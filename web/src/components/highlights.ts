// highlights.ts - findings in a text that is being edited, painted by the browser without touching the text (CSS Custom Highlight API).
import type { Mark, Tone } from '../state/spans';

const kTones: Tone[] = ['warn', 'needs_proof', 'block'];

function highlightOf(tone: Tone): Highlight {
  const name = `finding-${tone}`;
  const highlight = CSS.highlights.get(name) ?? new Highlight();
  CSS.highlights.set(name, highlight);
  return highlight;
}

/** Where each code point of the element's text begins: a text node and an offset in it. One more for the end. */
function placesIn(element: HTMLElement): { node: Text; offset: number }[] {
  const places = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let last: { node: Text; offset: number } | undefined;
  while (walker.nextNode()) {
    const node = walker.currentNode as Text;
    let offset = 0;
    for (const point of node.data) {
      places.push({ node, offset });
      offset += point.length;
    }
    last = { node, offset };
  }
  return last ? [...places, last] : [];
}

/** Paints the findings in the element's text; returns what takes the paint away. A browser without the API shows none. */
export function paint(element: HTMLElement, marks: readonly Mark[]): () => void {
  if (!('highlights' in CSS)) return () => {};
  const places = placesIn(element);
  const painted = marks
    .filter((mark) => kTones.includes(mark.tone) && mark.end < places.length && mark.begin < mark.end)
    .map((mark) => {
      const [begin, end] = [places[mark.begin]!, places[mark.end]!];
      const range = new StaticRange({ startContainer: begin.node, startOffset: begin.offset, endContainer: end.node, endOffset: end.offset });
      return { range, highlight: highlightOf(mark.tone) };
    });
  for (const { range, highlight } of painted) highlight.add(range);
  return () => painted.forEach(({ range, highlight }) => highlight.delete(range));
}
