// The page of all breakers.

import { summarize } from './around.js';
import { update } from './cards.js';
import { at } from './dom.js';
import { later } from './jobs.js';
import { known } from './known.js';
import { connect } from './live.js';

at('search').addEventListener('input', () => { for (const breaker of known.breakers.values()) later(() => update(breaker)); summarize(); });
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
