// Whether single keys do something: who dictates, or rests a hand on the keyboard, switches them off.

const OFF = "trama-keys-off";

export function keysOff(): boolean {
  return localStorage.getItem(OFF) === "1";
}

export function setKeysOff(off: boolean): void {
  if (off) localStorage.setItem(OFF, "1");
  else localStorage.removeItem(OFF);
}
