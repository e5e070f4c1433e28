// Cards: what is on them, and where they are: those in trouble on top, the keys of a family below it.

import { summarize, tell } from './around.js';
import { unfold } from './details.js';
import { at, make, put, query } from './dom.js';
import { later } from './jobs.js';
import { known } from './known.js';
import { paintLine } from './line.js';
import { FEW, RANKS, identity, kindOf, number, ratesOf, seconds, title, troubled, whenOf, whyOf } from './words.js';

export const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const breaker = entry.target.breaker;
    breaker.visible = entry.isIntersecting;
    if (breaker.visible) later(() => paint(breaker));
  }
}, { rootMargin: '300px' });

function build(breaker) {
  const card = at('card').content.firstElementChild.cloneNode(true);
  const part = (selector) => card.querySelector(selector);
  card.breaker = breaker;
  breaker.element = card;
  breaker.parts = {
    badge: part('.badge'), name: part('.name'), to: part('.to'), note: part('.note'), why: part('.why'), failure: part('.failure'),
    when: part('.when'), rates: part('.rates'), latency: part('.latency'), keys: part('.keys'),
    details: part('.details'), members: part('.members'),
    lines: [part('path.calls'), part('path.failed'), part('path.rejected')],
  };
  breaker.parts.name.addEventListener('click', () => { unfold(breaker, !breaker.unfolded); paint(breaker); });
  breaker.parts.details.addEventListener('focusout', () => later(() => update(breaker)));
  breaker.parts.keys.addEventListener('click', () => { breaker.keysShown = !breaker.keysShown; placeKeys(breaker); });
  seen.observe(card);
}

/** Puts all that a card shows into it. */
export function paint(breaker) {
  const { card, pulse, parts, element } = breaker;
  if (!element || !card || !pulse) return;
  element.className = `card ${breaker.kind}${breaker.unfolded || breaker.keysShown ? ' wide' : ''}`;
  put(parts.badge, breaker.word);
  put(parts.name, title(card));
  put(parts.to, card.dependency && card.dependency !== card.name ? `→ ${card.dependency}` : '');
  parts.note.hidden = !card.note || !breaker.trouble;
  put(parts.note, card.note ?? '');
  const why = whyOf(breaker);
  parts.why.hidden = !why;
  put(parts.why, why);
  const failure = breaker.trouble && pulse.mode !== 'forced_open' ? card.last_trip?.failures.at(-1) : null;
  parts.failure.hidden = !failure;
  put(parts.failure, failure ? `${failure.class}: ${failure.text}` : '');
  put(parts.when, whenOf(breaker));
  paintRates(breaker);
  const latency = pulse.latency;
  parts.latency.hidden = !latency;
  put(parts.latency, latency ? `Half within ${seconds(latency.p50_seconds)}, 99 % within ${seconds(latency.p99_seconds)}` : '');
  parts.keys.hidden = !card.family;
  put(parts.keys, breaker.keysShown ? 'Hide the keys' : 'Show the keys');
  parts.keys.setAttribute('aria-label', `${parts.keys.textContent} of ${title(card)}`);
  parts.keys.setAttribute('aria-expanded', String(Boolean(breaker.keysShown)));
}

function paintRates(breaker) {
  const { parts, points } = breaker;
  const [calls, failed, rejected] = ratesOf(breaker);
  const share = calls > 0 ? Math.min(100, Math.round((failed / calls) * 100)) : 0;
  const words = [['b', `${number(calls)}`], ['', ' calls/s']];
  if (calls > 0) words.push(['', ', '], [share ? 'bad' : 'b', `${share} %`], ['', ' failed']);
  if (rejected > 0) words.push(['', ', '], ['bad', number(rejected)], ['', '/s rejected']);
  const text = words.map(([, word]) => word).join('');
  if (parts.rates.textContent !== text) {
    parts.rates.replaceChildren(...words.map(([kind, word]) => (kind ? make('b', word, { className: kind === 'bad' ? 'bad' : '' }) : word)));
  }
  paintLine(parts.lines, points, known.points);
}

const order = new Intl.Collator('en', { numeric: true });

function before(a, b) {
  const rank = (breaker) => (breaker.trouble ? RANKS[breaker.kind] : 0);
  return rank(a) - rank(b) || order.compare(title(a.card), title(b.card)) || order.compare(identity(a.card), identity(b.card));
}

/** The family that a key belongs to. */
function familyOf({ card }) {
  if (card.key === null) return null;
  for (const other of known.breakers.values()) {
    if (other.card?.family && other.card.name === card.name && other.card.location === card.location) return other;
  }
  return null;
}

function matches({ card, word }, words) {
  if (!words) return true;
  const text = [title(card), card.key, card.dependency, card.note, word].join(' ').toLowerCase();
  return words.split(/\s+/).every((one) => text.includes(one));
}

/** Where a card belongs: `null` for the key of a family whose keys are not shown. */
function homeOf(breaker) {
  if (!matches(breaker, query())) return null;
  const family = familyOf(breaker);
  const alone = !family || query() || !family.pulse || troubled(family.pulse.keys) <= FEW;
  if (breaker.trouble && alone) return at('trouble-cards');
  if (!family || query()) return at('well-cards');
  if (!family.keysShown || !family.element) return null;
  return family.parts.members;
}

/** Puts a card where it belongs, in order, and keeps the focus where it was. Not under the hands of who types in it. */
function place(breaker) {
  if (breaker.asked || breaker.parts?.details.contains(document.activeElement)) return;
  const home = homeOf(breaker);
  if (!home) {
    if (breaker.element) breaker.element.remove();
    breaker.home = null;
    return;
  }
  if (!breaker.element) build(breaker);
  const rank = `${breaker.kind} ${title(breaker.card)}`;
  if (breaker.home === home && breaker.rank === rank && breaker.element.isConnected) return;
  const element = breaker.element;
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  element.remove();
  const others = home.children;
  let [low, high] = [0, others.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before(others[middle].breaker, breaker) < 0) low = middle + 1;
    else high = middle;
  }
  home.insertBefore(element, others[low] ?? null);
  [breaker.home, breaker.rank] = [home, rank];
  home.closest('section').hidden = false;
  focused?.focus({ preventScroll: true });
}

/** Shows the keys of a family, or hides them. */
function placeKeys(family) {
  if (family.element) {
    family.parts.members.hidden = !family.keysShown;
    paint(family);
  }
  for (const breaker of known.breakers.values()) {
    if (breaker.card?.key != null && familyOf(breaker) === family) later(() => update(breaker));
  }
}

/** After anything of it has changed. */
export function update(breaker) {
  // It may have gone since this was to be done.
  if (!breaker.card || !breaker.pulse || known.breakers.get(breaker.id) !== breaker) return;
  const [kind, word] = kindOf(breaker.pulse);
  const newKind = breaker.kind !== kind;
  const changed = newKind || breaker.word !== word;
  Object.assign(breaker, { kind, word, trouble: kind in RANKS });
  place(breaker);
  if (known.complete && (newKind || (changed && !breaker.card.family))) tell(breaker);
  if (breaker.element && (breaker.visible || changed)) paint(breaker);
  // Whether keys are shown one by one depends on how many are in trouble.
  const many = breaker.card.family && troubled(breaker.pulse.keys) > FEW;
  if (breaker.card.family && many !== breaker.many) {
    breaker.many = many;
    placeKeys(breaker);
  }
  summarize();
}
