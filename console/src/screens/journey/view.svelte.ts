// How a plane that is larger than its window is looked at: moved by hand or wheel, made larger and smaller.

const SCALE_MIN = 0.35;
const SCALE_MAX = 1.6;
/** Smaller than this nobody reads it, so that it is rather moved. */
const SCALE_FIRST_MIN = 0.6;
const EDGE_PX = 24;

interface Size {
  width: number;
  height: number;
  /** How wide its middle part is, which is to be seen at first. */
  core?: number;
}

export class View {
  x = $state(0);
  y = $state(EDGE_PX);
  scale = $state(1);
  #box: () => HTMLElement | undefined;
  #plane: () => Size;
  #from: { x: number; y: number } | undefined;
  #own = false;

  constructor(box: () => HTMLElement | undefined, plane: () => Size) {
    this.#box = box;
    this.#plane = plane;
    // Until somebody moves it, it stands in the middle, whatever is added.
    $effect(() => {
      const inside = this.#box();
      const { width, core = width } = this.#plane();
      if (!inside) return;
      const centre = () => {
        if (this.#own) return;
        this.scale = Math.max(SCALE_FIRST_MIN, Math.min(1, inside.clientWidth / (core + 2 * EDGE_PX)));
        this.x = (inside.clientWidth - width * this.scale) / 2;
      };
      const watch = new ResizeObserver(centre);
      watch.observe(inside);
      centre();
      return () => watch.disconnect();
    });
  }

  grab = (event: PointerEvent): void => {
    if (event.button !== 0 || (event.target as Element).closest("button, a, input, [popover], [role=menu]")) return;
    this.#from = { x: event.clientX - this.x, y: event.clientY - this.y };
    this.#box()?.setPointerCapture(event.pointerId);
  };
  drag = (event: PointerEvent): void => {
    if (!this.#from) return;
    this.#own = true;
    this.x = event.clientX - this.#from.x;
    this.y = event.clientY - this.#from.y;
  };
  release = (): void => {
    this.#from = undefined;
  };
  wheel = (event: WheelEvent): void => {
    if (innerWidth <= 640) return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) return this.zoom(Math.exp(-event.deltaY / 300), event);
    this.#own = true;
    this.x -= event.deltaX;
    this.y -= event.deltaY;
  };

  /** Around a point, or the middle of what is seen. */
  zoom(by: number, at?: { clientX: number; clientY: number }): void {
    const inside = this.#box()?.getBoundingClientRect();
    if (!inside) return;
    this.#own = true;
    const next = Math.min(SCALE_MAX, Math.max(SCALE_MIN, this.scale * by));
    const point = at ? { x: at.clientX - inside.left, y: at.clientY - inside.top } : { x: inside.width / 2, y: inside.height / 2 };
    this.x = point.x - ((point.x - this.x) * next) / this.scale;
    this.y = point.y - ((point.y - this.y) * next) / this.scale;
    this.scale = next;
  }

  /** All of it at once. */
  fit = (): void => {
    const inside = this.#box();
    const { width, height } = this.#plane();
    if (!inside) return;
    this.scale = Math.min(1, Math.max(SCALE_MIN, Math.min(inside.clientWidth / width, (inside.clientHeight - 2 * EDGE_PX) / height)));
    this.x = (inside.clientWidth - width * this.scale) / 2;
    this.y = EDGE_PX;
    this.#own = true;
  };

  /** Moves only as far as is needed to see an element. */
  show(element: HTMLElement): void {
    const inside = this.#box()?.getBoundingClientRect();
    if (!inside || innerWidth <= 640) return;
    const at = element.getBoundingClientRect();
    if (at.top < inside.top + EDGE_PX) this.y += inside.top + EDGE_PX - at.top;
    if (at.bottom > inside.bottom - 2 * EDGE_PX) this.y -= at.bottom - inside.bottom + 2 * EDGE_PX;
    if (at.left < inside.left + EDGE_PX) this.x += inside.left + EDGE_PX - at.left;
    if (at.right > inside.right - EDGE_PX) this.x -= at.right - inside.right + EDGE_PX;
  }
}
