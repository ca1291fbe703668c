// Half hours as columns of the weave.

interface Hours {
  begins: string;
  /** How long a column is. */
  seconds: number;
  inbound: readonly number[];
  sent: readonly number[];
  withheld: readonly number[];
}

/** Each with the time at which it begins; the clock that people read may jump between two of them. */
export function beats(hours: Hours, time: (at: number) => string) {
  const begins = Date.parse(hours.begins);
  return hours.inbound.map((inbound, index) => ({
    label: time(begins + index * hours.seconds * 1000),
    inbound,
    sent: hours.sent[index] ?? 0,
    withheld: hours.withheld[index] ?? 0,
  }));
}
