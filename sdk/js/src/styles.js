// Taken by a constructed style sheet, which no content policy counts as an inline style. A page may set the colours:
// `trama-message { --trama-accent: … }`.

export const STYLES = `
:host { all: initial; display: block }
* { box-sizing: border-box }
.box { font: 16px/1.5 system-ui, sans-serif; color: var(--trama-ink, #1d1d24); background: var(--trama-paper, #fff);
  display: flex; gap: 16px; align-items: center; padding: 16px 56px 16px 20px; position: relative; outline-offset: -2px }
.words { flex: 1; min-width: 0; overflow-wrap: anywhere }
h2, strong { font-size: 1.15em; font-weight: 650; margin: 0; display: block }
p { margin: 4px 0 0 }
img { max-width: 30%; max-height: 100%; object-fit: contain; border-radius: 6px }
iframe { border: 0; width: 100%; height: 160px; display: block }
.button { display: inline-block; margin-top: 10px; padding: 8px 16px; border-radius: 6px; text-decoration: none;
  color: var(--trama-on-accent, #fff); background: var(--trama-accent, #5b2a86) }
.close { position: absolute; top: 8px; right: 8px; width: 40px; height: 40px; font-size: 24px; line-height: 1;
  border: 0; border-radius: 6px; background: none; color: inherit; cursor: pointer }
:focus-visible { outline: 3px solid var(--trama-accent, #5b2a86) }
.banner, .bar { position: fixed; left: 0; right: 0; bottom: 0; z-index: 2147483000; max-height: 40vh; overflow: auto;
  box-shadow: 0 -2px 24px #0003 }
.bar { padding-top: 6px; padding-bottom: 6px }
.bar .words { display: flex; gap: 12px; align-items: center; flex-wrap: wrap }
.bar .button { margin: 0; padding: 4px 12px }
.bar p { margin: 0 }
.shade { position: fixed; inset: 0; background: #0009; z-index: 2147483001 }
.popup { position: fixed; z-index: 2147483002; left: 50%; top: 50%; transform: translate(-50%, -50%);
  width: min(520px, calc(100vw - 32px)); max-height: calc(100vh - 32px); overflow: auto; border-radius: 12px; padding: 28px 56px 28px 28px }
.inline { height: 100%; overflow: auto; border-radius: 8px }
@media (prefers-reduced-motion: no-preference) {
  .banner, .bar, .popup { animation: trama-in 180ms ease-out }
  @keyframes trama-in { from { opacity: 0 } }
}
`;
