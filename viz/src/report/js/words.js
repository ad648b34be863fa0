// Durations, bytes and counts as people read them, as in the rest of the page.
// It does not know where they stand.

const MINUTE = 60e9;

function three(n, unit) {
  return `${n.toFixed(n < 9.995 ? 2 : n < 99.95 ? 1 : 0)} ${unit}`;
}

function count(n) {
  return Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Nanoseconds as `12.3 ms`. */
function duration(ns) {
  if (ns >= 10 * MINUTE) return `${count(Math.floor(ns / MINUTE))} min ${Math.floor((ns % MINUTE) / 1e9)} s`;
  if (ns < 999.5) return `${Math.round(ns)} ns`;
  if (ns < 999500) return three(ns / 1e3, "µs");
  if (ns < 999.5e6) return three(ns / 1e6, "ms");
  return three(ns / 1e9, "s");
}

/** A moment, with as many digits as `step` nanoseconds need, in the unit that all moments up to `last` have. */
function moment(ns, step, last = view.to) {
  if (ns === 0) return "0";
  const [unit, name] = last < 1e3 ? [1, "ns"] : last < 1e6 ? [1e3, "µs"] : last < 1e9 ? [1e6, "ms"]
    : step < MINUTE || last < 10 * MINUTE ? [1e9, "s"] : [MINUTE, "min"];
  const digits = Math.max(0, Math.ceil(-Math.log10(step / unit) - 1e-9));
  const [whole, part] = (ns / unit).toFixed(Math.min(digits, 9)).split(".");
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ",")}${part ? `.${part}` : ""} ${name}`;
}

/** Bytes as `12.3 MiB`. */
function bytes(n) {
  if (n < 1024) return `${Math.round(n)} B`;
  const units = ["KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  for (n /= 1024; n >= 999.5 && unit + 1 < units.length; unit++) n /= 1024;
  return three(n, units[unit]);
}

function percent(share) {
  const p = share * 100;
  if (p > 0 && p < 0.1) return "< 0.1 %";
  return `${p.toFixed(p > 0 && p < 9.95 ? 1 : 0)} %`;
}

const plural = (n, one) => `${count(n)} ${one}${n === 1 ? "" : "s"}`;

/** The smallest round number of nanoseconds that is not below `least`. */
function roundStep(least) {
  if (least > 10e9) {
    const steps = [20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];
    return (steps.find((s) => s * 1e9 >= least) ?? Math.ceil(least / 86400e9) * 86400) * 1e9;
  }
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(least)));
  return [1, 2, 5, 10].map((m) => m * unit).find((s) => s >= least - 1e-9) ?? 10 * unit;
}
