// The line of the last minutes.

/** Three areas: failures at the bottom of the calls, rejections upon them; the newest at the right. */
export function paintLine([calls, failed, rejected], points, maxPoints) {
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
