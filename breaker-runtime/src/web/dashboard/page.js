// The page of all breakers. It is told by server-sent frames: everything at first, then what has changed, at least once a
// second. Whatever a frame says of names and reasons goes into the page as text, never as markup.
'use strict';

const base = location.pathname.replace(/\/dashboard\/?$/, '');
const at = (id) => document.getElementById(id);

/** Breakers by their numbers, and their number by what they are: the numbers are new when the server is. */
let breakers = new Map();
let maxPoints = 180;
/** The server's time of day less ours, in milliseconds. */
let ahead = 0;
/** All was told at least once, so a change is news. */
let complete = false;
/** The token, in this page's memory alone; `null` while the controls are locked. */
let token = null;

// ── Words ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const WORDS = { closed: 'closed', open: 'open', half_open: 'half-open', recovering: 'recovering' };
const MODES = { automatic: 'automatic', disabled: 'disabled', forced_open: 'forced open', metrics_only: 'metrics only' };
/** In trouble, the worst first. */
const RANKS = { open: 0, half_open: 1, recovering: 2, would_open: 3 };

/** How a card looks, and the word on it. */
function kindOf({ state, mode, would_be, share }) {
  if (mode === 'forced_open') return ['open', 'forced open'];
  if (mode === 'disabled') return ['off', 'disabled'];
  if (mode === 'metrics_only') {
    return would_be && would_be !== 'closed' ? ['would_open', `would be ${WORDS[would_be]}`] : ['off', 'metrics only'];
  }
  if (state === 'closed' && share !== null) return ['recovering', 'recovering'];
  return [state, WORDS[state]];
}

function span(milliseconds) {
  const s = Math.max(0, Math.round(milliseconds / 1000));
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min`;
  return s < 172800 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} days`;
}

function seconds(value) {
  if (value >= 1) return `${value.toFixed(value < 10 ? 1 : 0)} s`;
  if (value >= 0.001) return `${(value * 1000).toFixed(value < 0.01 ? 1 : 0)} ms`;
  return `${Math.round(value * 1e6)} µs`;
}

const number = (value) => (value < 10 && value % 1 ? value.toFixed(1) : Math.round(value).toLocaleString('en'));
const counted = (n, word, words = `${word}s`) => `${n.toLocaleString('en')} ${n === 1 ? word : words}`;
const clock = (text) => new Date(text).toLocaleTimeString([], { hour12: false });
const now = () => Date.now() + ahead;
const title = ({ name, key }) => (key === null ? name : `${name}[${key}]`);
const identity = ({ name, key, location, family }) => JSON.stringify([name, key, location, family]);

/** What a card says of time. */
function whenOf({ card, pulse, kind }) {
  const since = pulse.since === null ? '' : ` for ${span(now() - pulse.since)}`;
  if (pulse.mode === 'forced_open') return `Forced open${since}: every call is rejected until the mode is set again.`;
  if (pulse.mode === 'disabled') return `Disabled${since}: every call is let through.`;
  if (pulse.mode === 'metrics_only') return `In metrics only${since}: nothing is rejected.`;
  if (kind === 'open') {
    const due = pulse.probe_due || (pulse.probe_at !== null && pulse.probe_at <= now());
    const probe = due ? ' The next call is a probe.' : pulse.probe_at === null ? '' : ` Next probe in ${span(pulse.probe_at - now())}.`;
    const again = pulse.reopenings > 0 ? ` ${counted(pulse.reopenings, 'try', 'tries')} to recover failed.` : '';
    return `Open${since}.${probe}${again}`;
  }
  if (kind === 'half_open') return `Half-open${since}: ${counted(pulse.probes_in_flight, 'probe')} under way.`;
  if (kind === 'recovering') return `Closed again${since}: ${Math.round(pulse.share * 100)} % of the calls may pass.`;
  if (pulse.keys) return counted(pulse.keys[0], 'key') + (pulse.keys[1] ? `, ${pulse.keys[1]} not closed.` : '.');
  const streak = pulse.consecutive_failures > 0 ? ` ${counted(pulse.consecutive_failures, 'failure')} in a row.` : '';
  return (card.trips ? `Closed${since}, after ${counted(card.trips, 'trip')}.` : 'Never opened.') + streak;
}

/** Why it opened: in an outage what began it, however many probes have failed since. */
function whyOf({ card, trouble }) {
  const trip = card.last_trip;
  if (!trip) return '';
  const first = card.outage;
  if (trouble) return first ? `Since ${clock(first.at)}: ${first.why}. Then ${trip.why}` : trip.why;
  return `Last opened ${span(now() - Date.parse(trip.at))} ago: ${trip.why}`;
}

/** Calls, failures and rejections a second, of the last five. */
function ratesOf({ points }) {
  const last = points.slice(-5);
  const mean = (which) => last.reduce((sum, point) => sum + point[which], 0) / Math.max(1, last.length);
  return [mean(0), mean(1), mean(2)];
}

// ── Cards ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const breaker = entry.target.breaker;
    breaker.visible = entry.isIntersecting;
    if (breaker.visible) later(() => paint(breaker));
  }
}, { rootMargin: '300px' });

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function make(tag, text, properties = {}) {
  const element = Object.assign(document.createElement(tag), properties);
  if (text) element.textContent = text;
  return element;
}

function build(breaker) {
  const card = at('card').content.firstElementChild.cloneNode(true);
  const part = (selector) => card.querySelector(selector);
  card.breaker = breaker;
  breaker.element = card;
  breaker.parts = {
    badge: part('.badge'), name: part('.name'), to: part('.to'), note: part('.note'), why: part('.why'),
    when: part('.when'), rates: part('.rates'), latency: part('.latency'), keys: part('.keys'),
    details: part('.details'), members: part('.members'),
    lines: [part('path.calls'), part('path.failed'), part('path.rejected')],
  };
  breaker.parts.name.addEventListener('click', () => unfold(breaker, !breaker.unfolded));
  breaker.parts.keys.addEventListener('click', () => { breaker.keysShown = !breaker.keysShown; placeKeys(breaker); });
  seen.observe(card);
}

/** Puts all that a card shows into it. */
function paint(breaker) {
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
  put(parts.when, whenOf(breaker));
  paintRates(breaker);
  const latency = pulse.latency;
  parts.latency.hidden = !latency;
  put(parts.latency, latency ? `Half within ${seconds(latency.p50_seconds)}, 99 % within ${seconds(latency.p99_seconds)}` : '');
  parts.keys.hidden = !card.family;
  put(parts.keys, breaker.keysShown ? 'Hide the keys' : 'Show the keys');
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
  paintLine(parts.lines, points);
}

/** Three areas: failures at the bottom of the calls, rejections upon them; the newest at the right. */
function paintLine([calls, failed, rejected], points) {
  const most = points.reduce((most, [a, , r]) => Math.max(most, a + r), 1);
  const step = 180 / maxPoints;
  const start = 180 - points.length * step;
  const y = (value) => (40 - (value / most) * 38).toFixed(1);
  const area = (low, high) => {
    if (!points.some((point) => high(point) > low(point))) return '';
    let up = '';
    let down = '';
    points.forEach((point, i) => {
      const x = (start + (i + 1) * step).toFixed(1);
      up += `${i ? 'L' : 'M'}${x} ${y(high(point))}`;
      down = `L${x} ${y(low(point))}${down}`;
    });
    return `${up}${down}Z`;
  };
  const draw = (path, text) => { if (path.getAttribute('d') !== text) path.setAttribute('d', text); };
  draw(calls, area(() => 0, (point) => point[0]));
  draw(failed, area(() => 0, (point) => Math.min(point[1], point[0] + point[2])));
  draw(rejected, area((point) => point[0], (point) => point[0] + point[2]));
}

// ── Places ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const order = new Intl.Collator('en', { numeric: true });

function before(a, b) {
  const rank = (breaker) => (breaker.trouble ? RANKS[breaker.kind] : 0);
  return rank(a) - rank(b) || order.compare(title(a.card), title(b.card)) || order.compare(identity(a.card), identity(b.card));
}

/** The family that a key belongs to. */
function familyOf({ card }) {
  if (card.key === null) return null;
  for (const other of breakers.values()) {
    if (other.card?.family && other.card.name === card.name && other.card.location === card.location) return other;
  }
  return null;
}

const query = () => at('search').value.trim().toLowerCase();

function matches({ card, word }, words) {
  if (!words) return true;
  const text = [card.name, card.key, card.dependency, card.note, word].join(' ').toLowerCase();
  return words.split(/\s+/).every((one) => text.includes(one));
}

/** Where a card belongs: `null` for the key of a family whose keys are not shown. */
function homeOf(breaker) {
  if (!matches(breaker, query())) return null;
  if (breaker.trouble) return at('trouble-cards');
  const family = familyOf(breaker);
  if (!family) return at('well-cards');
  if (query()) return at('well-cards');
  if (!family.keysShown || !family.element) return null;
  return family.parts.members;
}

/** Puts a card where it belongs, in order, and keeps the focus where it was. */
function place(breaker) {
  if (!breaker.card || !breaker.pulse) return;
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
  family.parts.members.hidden = !family.keysShown;
  paint(family);
  for (const breaker of breakers.values()) {
    if (breaker.card?.key != null && familyOf(breaker) === family) later(() => update(breaker));
  }
}

function update(breaker) {
  if (!breaker.card || !breaker.pulse) return;
  const [kind, word] = kindOf(breaker.pulse);
  const changed = breaker.kind !== kind || breaker.word !== word;
  Object.assign(breaker, { kind, word, trouble: kind in RANKS });
  place(breaker);
  if (changed && complete) tell(breaker);
  if (breaker.element && (breaker.visible || changed)) paint(breaker);
  summarize();
}

// ── Around the cards ─────────────────────────────────────────────────────────────────────────────────────────────────

let summaryIsDue = false;

function summarize() {
  if (summaryIsDue) return;
  summaryIsDue = true;
  setTimeout(() => {
    summaryIsDue = false;
    const counts = {};
    let all = 0;
    for (const { card, kind } of breakers.values()) {
      if (!kind || card.family) continue;
      all += 1;
      counts[kind] = (counts[kind] ?? 0) + 1;
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
function tell(breaker) {
  unsaid.push(`${title(breaker.card)}: ${breaker.word}${breaker.kind === 'open' && breaker.card.last_trip ? `, ${breaker.card.last_trip.why}` : ''}`);
  if (unsaid.length > 1) return;
  setTimeout(() => {
    const more = unsaid.length > 3 ? ` And ${unsaid.length - 3} more.` : '';
    put(at('news'), unsaid.slice(0, 3).join('. ') + more);
    unsaid = [];
  }, 300);
}

/** Small jobs, a few milliseconds at a time, so that the page answers meanwhile. */
const jobs = [];
let working = false;
const turn = new MessageChannel();
turn.port1.onmessage = () => {
  const end = performance.now() + 8;
  while (jobs.length && performance.now() < end) jobs.shift()();
  working = jobs.length > 0;
  if (working) turn.port2.postMessage(0);
};

function later(job) {
  jobs.push(job);
  if (!working) {
    working = true;
    turn.port2.postMessage(0);
  }
}

// ── Frames ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function receive(frame) {
  ahead = frame.now - Date.now();
  if (frame.all) begin(frame);
  const counted = new Set();
  for (const { id, card, pulse, points } of frame.breakers) {
    let breaker = breakers.get(id);
    if (!breaker) breakers.set(id, breaker = { id, points: [] });
    if (card) breaker.card = card;
    if (pulse) breaker.pulse = pulse;
    if (points) {
      counted.add(id);
      breaker.points.push(...points);
    }
    later(() => { update(breaker); if (card || pulse) refresh(breaker, Boolean(card)); });
  }
  for (const id of frame.gone) forget(id);
  if (frame.second) later(() => second(counted));
  put(at('refused'), frame.config_refused ? `The last configuration was refused, and nothing was changed: ${frame.config_refused}` : '');
  at('refused').hidden = !frame.config_refused;
  if (frame.all) later(() => { complete = true; summarize(); });
}

/** All is told anew. What somebody has unfolded stays so. */
function begin(frame) {
  maxPoints = frame.all.points;
  at('unlock').hidden = !frame.all.controls;
  const known = new Map([...breakers.values()].filter(({ card }) => card).map((breaker) => [identity(breaker.card), breaker]));
  breakers = new Map();
  complete = false;
  for (const { id, card } of frame.breakers) {
    const old = known.get(identity(card));
    known.delete(identity(card));
    breakers.set(id, Object.assign(old ?? {}, { id, points: [] }));
  }
  for (const { element } of known.values()) element?.remove();
}

function forget(id) {
  const breaker = breakers.get(id);
  breakers.delete(id);
  if (breaker?.element) {
    seen.unobserve(breaker.element);
    breaker.element.remove();
  }
  summarize();
}

/** A second has passed, for those too of whom there is nothing to tell. */
function second(counted) {
  for (const breaker of breakers.values()) {
    if (!counted.has(breaker.id)) breaker.points.push([0, 0, 0]);
    if (breaker.points.length > maxPoints) breaker.points.splice(0, breaker.points.length - maxPoints);
    if (breaker.visible && breaker.element?.isConnected) later(() => paint(breaker));
  }
}

// ── The connection ───────────────────────────────────────────────────────────────────────────────────────────────────

let source = null;
let heard = Date.now();
let lostSince = null;

function connect() {
  source?.close();
  heard = Date.now();
  source = new EventSource(`${base}/dashboard/live`);
  source.onmessage = ({ data }) => {
    heard = Date.now();
    if (lostSince) {
      lostSince = null;
      at('lost').hidden = true;
      document.body.classList.remove('lost');
    }
    receive(JSON.parse(data));
  };
  source.onerror = lose;
}

function lose() {
  if (lostSince) return;
  lostSince = new Date();
  put(at('lost'), `Connection lost at ${lostSince.toLocaleTimeString([], { hour12: false })}. What you see is as it was then. Trying again…`);
  at('lost').hidden = false;
  document.body.classList.add('lost');
}

setInterval(() => {
  if (Date.now() - heard > 5000) {
    lose();
    connect();
  } else if (source.readyState === EventSource.CLOSED) {
    connect();
  }
}, 1000);

// ── Details and controls ─────────────────────────────────────────────────────────────────────────────────────────────

function unfold(breaker, unfolded) {
  breaker.unfolded = unfolded;
  breaker.parts.name.setAttribute('aria-expanded', String(unfolded));
  breaker.parts.details.hidden = !unfolded;
  breaker.history = null;
  if (unfolded) detail(breaker);
  else breaker.parts.details.replaceChildren();
  paint(breaker);
}

/** Brings details up to date that are shown. */
function refresh(breaker, changed) {
  if (!breaker.unfolded || !breaker.element) return;
  if (changed) breaker.history = null;
  detail(breaker);
}

function list(pairs) {
  const all = make('dl');
  for (const [name, value] of pairs) all.append(make('dt', name), make('dd', value));
  return all;
}

/** What a card shows unfolded. Controls are made once, so that nobody loses what he has typed. */
function detail(breaker) {
  const { card, pulse, parts } = breaker;
  const { details } = parts;
  let [controls, told] = details.children;
  if (!told) {
    controls = make('div', '', { className: 'controls' });
    told = make('div', '', { className: 'told' });
    details.replaceChildren(controls, told);
  }
  if (token === null) controls.replaceChildren();
  else if (!controls.childElementCount) controls.append(...control(breaker));
  const shown = [];
  const part = (heading, ...content) => {
    const one = make('section');
    one.append(make('h4', heading), ...content);
    shown.push(one);
  };
  for (const [heading, trip] of [['The outage began', card.outage], ['Last opening', card.last_trip]]) {
    if (!trip) continue;
    const content = [make('p', trip.why)];
    if (trip.failures.length) {
      const failures = make('ol');
      for (const failure of trip.failures) {
        const item = make('li');
        const took = failure.latency_seconds === null ? '' : ` after ${seconds(failure.latency_seconds)}`;
        item.append(make('time', clock(failure.at), { dateTime: failure.at }), ` ${failure.class}${took}: ${failure.text}`);
        failures.append(item);
      }
      content.push(failures);
    }
    part(`${heading}, at ${clock(trip.at)}`, ...content);
  }
  const counts = [['let through', pulse.admitted], ['failed', pulse.failed], ['rejected', pulse.rejected], ['under way', pulse.in_flight]];
  const rare = [['stopped at the time limit', pulse.timed_out], ['fallbacks answered', pulse.fallbacks], ['made again', pulse.retried], ['earlier answers given', pulse.last_good]];
  const all = [...counts, ...rare.filter(([, count]) => count)].map(([name, count]) => [name, count.toLocaleString('en')]);
  part('Counted since the start', list(all));
  part('History', historyOf(breaker));
  part(`Settings, revision ${card.revision}`, list(Object.entries(card.settings).filter(([, value]) => value !== 'none')), make('p', `by ${card.origin}`));
  part('Made at', make('p', card.location));
  told.replaceChildren(...shown);
}

function address({ card }, what, parameters = {}) {
  const query = new URLSearchParams({ location: card.location, ...(card.key === null ? {} : { key: card.key }), ...parameters });
  return `${base}/by-name/${encodeURIComponent(card.name)}${what}?${query}`;
}

/** The last changes, which are asked for once, and again after each change. */
function historyOf(breaker) {
  if (breaker.history === null || breaker.history === undefined) {
    const asked = breaker.history = make('ol');
    fetch(address(breaker, '/history')).then((answer) => answer.json()).then((changes) => {
      const own = changes.filter((change) => change.key === breaker.card.key).reverse().slice(0, 20);
      asked.replaceChildren(...own.map((change) => {
        const item = make('li');
        item.append(make('time', new Date(change.at).toLocaleString([], { hour12: false }), { dateTime: change.at }), ` ${change.text}`);
        return item;
      }));
      if (!own.length) asked.replaceChildren(make('li', 'No change yet.'));
    }).catch(() => asked.replaceChildren(make('li', 'Not to be had at the moment.')));
  }
  return breaker.history;
}

function control(breaker) {
  const answer = make('p', '', { className: 'answer' });
  answer.setAttribute('role', 'status');
  const button = (text, click, className = '') => {
    const one = make('button', text, { type: 'button', className });
    one.addEventListener('click', click);
    return one;
  };
  const labelled = (label, field) => {
    field.setAttribute('aria-label', `${label} of ${title(breaker.card)}`);
    return field;
  };
  const row = (...parts) => {
    const one = make('div', '', { className: 'row' });
    one.append(...parts);
    return one;
  };
  const send = (what, method, body, question) => ask(breaker, question, async (reason) => {
    answer.className = 'answer';
    put(answer, 'Sending…');
    const problem = await change(breaker, what, method, reason ? { ...body(), reason } : body());
    answer.className = problem ? 'answer bad' : 'answer';
    put(answer, problem ?? 'Done.');
  });

  const mode = labelled('Mode', make('select', '', { className: 'mode' }));
  for (const [value, text] of Object.entries(MODES)) mode.append(make('option', text, { value }));
  mode.value = breaker.pulse.mode;
  const consequence = {
    automatic: 'The rules decide again.',
    disabled: 'Every call is let through, whatever happens.',
    forced_open: 'Every call is rejected, until the mode is set again.',
    metrics_only: 'The rules are watched, and nothing is rejected.',
  };
  const setMode = button('Set mode', () => send('/mode', 'PUT', () => ({ mode: mode.value }), {
    title: `Set ${title(breaker.card)} to ${MODES[mode.value]}?`,
    text: consequence[mode.value],
    ok: `Set to ${MODES[mode.value]}`,
    danger: mode.value === 'forced_open',
  }), 'set-mode');
  const first = row(mode, setMode);
  if (!breaker.card.family) {
    first.append(button('Close now', () => send('/close', 'POST', () => ({}), {
      title: `Close ${title(breaker.card)}?`, text: 'Calls go through again, and all counts that decide are forgotten.', ok: 'Close',
    }), 'close-now'));
  }
  const rows = [make('h4', 'Controls'), first];
  if (breaker.card.key === null) {
    const which = labelled('Setting', make('select', '', { className: 'setting' }));
    for (const name of Object.keys(breaker.card.settings)) which.append(make('option', name, { value: name }));
    const value = labelled('New value', make('input', '', { className: 'value', spellcheck: false, autocomplete: 'off', size: 10 }));
    const show = () => { value.value = breaker.card.settings[which.value]; };
    which.addEventListener('change', show);
    which.value = 'reset';
    show();
    // What was seen is what is changed: somebody else's change since is not overwritten.
    let revision = breaker.card.revision;
    value.addEventListener('focus', () => { revision = breaker.card.revision; });
    rows.push(row(which, value, button('Set', () => send('/settings', 'PATCH', () => ({ revision, settings: { [which.value]: typed(value.value) } }), {
      title: `Set ${which.value} of ${title(breaker.card)} to ${value.value}?`,
      text: `It is ${breaker.card.settings[which.value]} now.`,
      ok: 'Set',
    }), 'set-value'), button('Roll back', () => send('/rollback', 'POST', () => ({ revision: breaker.card.revision }), {
      title: `Take the last change of settings back?`, text: `${title(breaker.card)} is at revision ${breaker.card.revision}, by ${breaker.card.origin}.`, ok: 'Roll back',
    }), 'roll-back')));
  }
  return [...rows, answer];
}

/** A value as it would be written in a file. */
function typed(text) {
  const word = text.trim();
  if (word === 'none') return null;
  if (word === 'true' || word === 'false') return word === 'true';
  return /^\d+(\.\d+)?$/.test(word) ? Number(word) : word;
}

function headers() {
  return token ? { authorization: `Bearer ${token}` } : {};
}

/** What the server says against a change; `null` where it was made. */
async function change(breaker, what, method, body) {
  try {
    const answer = await fetch(address(breaker, what), {
      method, cache: 'no-store', headers: { ...headers(), 'content-type': 'application/json' }, body: JSON.stringify(body),
    });
    if (answer.ok) return null;
    if (answer.status === 401) lock();
    return await problem(answer);
  } catch {
    return 'The server cannot be reached: nothing is known of the change.';
  }
}

async function problem(answer) {
  const told = await answer.json().catch(() => ({}));
  return `Refused (${answer.status}): ${told.detail ?? answer.statusText}`;
}

let answered = () => {};

/** Asks whether somebody means it, and why. */
function ask(breaker, { title, text, ok, danger }, then) {
  put(at('ask-title'), title);
  put(at('ask-text'), text);
  put(at('ask-ok'), ok);
  at('ask-ok').classList.toggle('danger', Boolean(danger));
  at('reason').value = '';
  answered = then;
  at('ask').returnValue = '';
  at('ask').showModal();
}

at('ask').addEventListener('close', () => { if (at('ask').returnValue === 'ok') answered(at('reason').value.trim()); });
at('ask-cancel').addEventListener('click', () => at('ask').close(''));

function lock() {
  token = null;
  put(at('unlock'), 'Controls: locked');
  showControls();
}

function showControls() {
  for (const breaker of breakers.values()) refresh(breaker, false);
}

at('unlock').addEventListener('click', () => {
  if (token !== null) return lock();
  at('token').value = '';
  put(at('token-answer'), '');
  at('token-dialog').showModal();
});
at('token-cancel').addEventListener('click', () => at('token-dialog').close());
at('token-dialog').querySelector('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  token = at('token').value;
  at('token').value = '';
  try {
    const answer = await fetch(`${base}/controls`, { headers: headers(), cache: 'no-store' });
    if (!answer.ok) {
      put(at('token-answer'), await problem(answer));
      token = null;
      return;
    }
    put(at('unlock'), `Controls: ${(await answer.json()).who}. Lock`);
    at('token-dialog').close();
    showControls();
  } catch {
    token = null;
    put(at('token-answer'), 'The server cannot be reached.');
  }
});

// ── Search, theme, keys ──────────────────────────────────────────────────────────────────────────────────────────────

at('search').addEventListener('input', () => { for (const breaker of breakers.values()) later(() => update(breaker)); summarize(); });
at('theme').addEventListener('click', () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
});
document.addEventListener('keydown', (event) => {
  const typing = event.target.matches('input, select, textarea') || document.querySelector('dialog[open]');
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    at('search').focus();
  } else if (event.key === 'Escape' && event.target === at('search') && at('search').value) {
    at('search').value = '';
    at('search').dispatchEvent(new Event('input'));
  }
});

connect();
