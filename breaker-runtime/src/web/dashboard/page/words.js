// What a card says: states, modes, times and rates in words.

/** The server's time of day less ours, in milliseconds. */
let ahead = 0;

export function setTime(server) {
  ahead = server - Date.now();
}

const WORDS = { closed: 'closed', open: 'open', half_open: 'half-open', recovering: 'recovering' };
export const MODES = { automatic: 'automatic', disabled: 'disabled', forced_open: 'forced open', metrics_only: 'metrics only' };
/** In trouble, the worst first. */
export const RANKS = { open: 0, half_open: 1, recovering: 2, would_open: 3 };

/** How a card looks, and the word on it. */
export function kindOf({ state, mode, would_be, share, keys }) {
  if (keys && (mode === 'automatic' || (mode === 'metrics_only' && troubled(keys) > FEW))) return kindOfFamily(keys);
  if (mode === 'forced_open') return ['open', 'forced open'];
  if (mode === 'disabled') return ['off', 'disabled'];
  if (mode === 'metrics_only') {
    return would_be && would_be !== 'closed' ? ['would_open', `would be ${WORDS[would_be]}`] : ['off', 'metrics only'];
  }
  if (state === 'closed' && share !== null) return ['recovering', 'recovering'];
  return [state, WORDS[state]];
}

/** Troubled keys that are more than this are shown below their family, not one by one. */
export const FEW = 5;

export const troubled = (keys) => keys.open + keys.half_open + keys.recovering + keys.would_open;

/** A family is in trouble where the breaker for keys without a place is, or where many keys are. */
function kindOfFamily(keys) {
  const worst = keys.open ? 'open' : keys.half_open ? 'half_open' : keys.recovering ? 'recovering' : 'would_open';
  if (troubled(keys) > FEW) return [worst, `${troubled(keys)} of ${keys.all} keys`];
  if (keys.without_place && keys.without_place !== 'closed') return [keys.without_place, 'new keys'];
  return ['closed', 'closed'];
}

export function span(milliseconds) {
  const s = Math.max(0, Math.round(milliseconds / 1000));
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min`;
  return s < 172800 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} days`;
}

export function seconds(value) {
  if (value >= 1) return `${value.toFixed(value < 10 ? 1 : 0)} s`;
  if (value >= 0.001) return `${(value * 1000).toFixed(value < 0.01 ? 1 : 0)} ms`;
  return `${Math.round(value * 1e6)} µs`;
}

export const number = (value) => (value < 10 && value % 1 ? value.toFixed(1) : Math.round(value).toLocaleString('en'));
export const counted = (n, word, words = `${word}s`) => `${n.toLocaleString('en')} ${n === 1 ? word : words}`;

/** A time of day, with the date where it is not today's. */
export function clock(text) {
  const [then, today] = [new Date(text), new Date(now())];
  const same = then.toDateString() === today.toDateString();
  return same ? then.toLocaleTimeString([], { hour12: false }) : then.toLocaleString([], { hour12: false });
}

const now = () => Date.now() + ahead;
export const title = ({ name, key }) => (key === null ? name || '(no name)' : `${name}[${key}]`);
export const identity = ({ name, key, location, family }) => JSON.stringify([name, key, location, family]);

/** What a card says of time. */
export function whenOf({ card, pulse, kind }) {
  const since = pulse.since === null ? '' : ` for ${span(now() - pulse.since)}`;
  const by = card.mode_by ? ` By ${card.mode_by}.` : '';
  const set = card.mode_at === null ? since : ` for ${span(now() - card.mode_at)}`;
  if (pulse.mode === 'forced_open') return `Forced open${set}: every call is rejected until the mode is set again.${by}`;
  if (pulse.mode === 'disabled') return `Disabled${set}: every call is let through.${by}`;
  if (pulse.mode === 'metrics_only') return `In metrics only${set}: nothing is rejected.${by}`;
  if (pulse.keys) return familyWhen(pulse.keys);
  if (kind === 'open') {
    const due = pulse.probe_due || (pulse.probe_at !== null && pulse.probe_at <= now());
    const probe = due ? ' The next call is a probe.' : pulse.probe_at === null ? '' : ` Next probe in ${span(pulse.probe_at - now())}.`;
    const again = pulse.reopenings > 0 ? ` ${counted(pulse.reopenings, 'try', 'tries')} to recover failed.` : '';
    return `Open${since}.${probe}${again}`;
  }
  if (kind === 'half_open') return `Half-open${since}: ${counted(pulse.probes_in_flight, 'probe')} under way.`;
  if (kind === 'recovering') return `Closed again${since}: ${Math.round(pulse.share * 100)} % of the calls may pass.`;
  const streak = pulse.consecutive_failures > 0 ? ` ${counted(pulse.consecutive_failures, 'failure')} in a row.` : '';
  return (card.trips ? `Closed${since}, after ${counted(card.trips, 'trip')}.` : 'Never opened.') + streak;
}

function familyWhen(keys) {
  const counts = [[keys.open, 'open'], [keys.half_open, 'half-open'], [keys.recovering, 'recovering'], [keys.would_open, 'would be open']];
  const said = counts.filter(([count]) => count).map(([count, word]) => `${count} ${word}`);
  const shown = keys.shown < keys.all ? `; ${keys.shown} of them shown here` : '';
  const overflow = keys.without_place ? ` All places are taken: new keys share one breaker, ${WORDS[keys.without_place]}.` : '';
  return `${[counted(keys.all, 'key'), ...said].join(', ')}${shown}.${overflow}`;
}

/** Why it opened: in an outage what began it, however many probes have failed since. */
export function whyOf({ card, pulse, trouble }) {
  const trip = card.last_trip;
  if (!trip || pulse.mode === 'forced_open') return '';
  const first = card.outage;
  if (trouble) return first ? `Since ${clock(first.at)}: ${first.why}. Then ${trip.why}` : trip.why;
  return `Last opened ${span(now() - Date.parse(trip.at))} ago: ${trip.why}`;
}

/** Calls, failures and rejections a second, of the last five. */
export function ratesOf({ points }) {
  const last = points.slice(-5);
  const mean = (which) => last.reduce((sum, point) => sum + point[which], 0) / Math.max(1, last.length);
  return [mean(0), mean(1), mean(2)];
}
