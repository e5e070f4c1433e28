// Small tools for the document. Texts go into it as texts, never as markup.

/** What the addresses of this page's server begin with. */
export const base = location.pathname.replace(/\/dashboard\/?$/, '');

export const at = (id) => document.getElementById(id);

export const query = () => at('search').value.trim().toLowerCase();

export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function make(tag, text, properties = {}) {
  const element = Object.assign(document.createElement(tag), properties);
  if (text) element.textContent = text;
  return element;
}

/** Where to ask for something of a breaker. */
export function address({ card }, what) {
  const query = new URLSearchParams({ location: card.location, ...(card.key === null ? {} : { key: card.key }) });
  // Without its keys, of which there may be many.
  if (card.family && what === '/history') query.set('family', 'true');
  return `${base}/by-name/${encodeURIComponent(card.name)}${what}?${query}`;
}
