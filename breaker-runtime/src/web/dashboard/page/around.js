// What stands around the cards: the counts, and the changes for those who listen.

import { at, make, put, query } from './dom.js';
import { known } from './known.js';
import { counted, title } from './words.js';

let summaryIsDue = false;

/** Counts the breakers, a little later: many may change together. */
export function summarize() {
  if (summaryIsDue) return;
  summaryIsDue = true;
  setTimeout(() => {
    summaryIsDue = false;
    const counts = {};
    let all = 0;
    const count = (kind, more) => { counts[kind] = (counts[kind] ?? 0) + more; };
    for (const { card, pulse, kind } of known.breakers.values()) {
      // Of a family all keys count, those too that are not told one by one.
      if (!kind || card.key !== null) continue;
      if (pulse.keys) {
        all += pulse.keys.all;
        for (const one of ['open', 'half_open', 'recovering', 'would_open']) count(one, pulse.keys[one]);
        if (pulse.keys.without_place) count(pulse.keys.without_place, 1);
        else if (pulse.keys.all === 0 && kind === 'open') count('open', 1);
      } else {
        all += 1;
        count(kind, 1);
      }
    }
    const bad = (counts.open ?? 0) + (counts.half_open ?? 0);
    const parts = [[counts.open, 'open'], [counts.half_open, 'half-open'], [counts.recovering, 'recovering'], [counts.would_open, 'would be open']]
      .filter(([count]) => count).map(([count, word]) => make('b', `${count} ${word}`));
    const list = parts.flatMap((part) => [part, ', ']);
    at('summary').replaceChildren(...(list.length ? list : ['None open, ']), `${counted(all, 'breaker')} in all`);
    document.title = bad ? `(${bad}) Circuit breakers` : 'Circuit breakers';
    const found = (id) => at(id).childElementCount > 0;
    at('no-trouble').hidden = found('trouble-cards') || Boolean(query());
    at('no-match').hidden = !query() || found('trouble-cards') || found('well-cards');
    at('trouble').hidden = Boolean(query()) && !found('trouble-cards');
  }, 0);
}

let unsaid = [];

/** Says a change to those who listen instead of looking: at most three at a time. */
export function tell(breaker) {
  unsaid.push(`${title(breaker.card)}: ${breaker.word}${breaker.kind === 'open' && breaker.card.last_trip ? `, ${breaker.card.last_trip.why}` : ''}`);
  if (unsaid.length > 1) return;
  setTimeout(() => {
    const more = unsaid.length > 3 ? ` And ${unsaid.length - 3} more.` : '';
    put(at('news'), unsaid.slice(0, 3).join('. ') + more);
    unsaid = [];
  }, 300);
}
