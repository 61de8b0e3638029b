// The browser's own camera: pictures go out as JPEG, one at a time, and each is shown with the boxes that were found in it.

const LONGEST = 640;

const REASONS = {
  NotAllowedError: "The camera was not allowed. Allow it in the browser's address bar, then try again.",
  NotFoundError: "No camera was found on this device.",
  NotReadableError: "The camera is in use by another program.",
};

export class Camera {
  /** `send(blob)` takes a JPEG; `lost(text)` hears when the camera goes away. */
  constructor(video, send, lost) {
    this.video = video;
    this.send = send;
    this.lost = lost;
    this.canvas = document.createElement("canvas");
    this.paused = false; // nothing is sent while a box is drawn
    this.flying = false; // a picture is out, its result is awaited
    this.waiting = false;
  }

  /** Opens the camera and says how large its pictures are. Raises Error with one clear line. */
  async open(limits) {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error("Browsers give their camera only to pages from https:// or from localhost.");
    }
    const wanted = { width: { ideal: LONGEST }, height: { ideal: 480 }, frameRate: { ideal: 30 }, facingMode: { ideal: "environment" } };
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    } catch (error) {
      throw new Error(REASONS[error.name] || `The camera cannot be opened (${error.message || error.name}).`);
    }
    const [track] = this.stream.getVideoTracks();
    track.addEventListener("ended", () => this.stream && this.lost("The camera has gone. Choose it again when it is back."));
    this.video.srcObject = this.stream;
    await this.video.play();
    this.most = [Math.min(LONGEST, limits?.width || LONGEST), Math.min(LONGEST, limits?.height || LONGEST)];
    this.fit();
    return { width: this.canvas.width, height: this.canvas.height, fps: track.getSettings().frameRate || 30 };
  }

  fit() {
    const { videoWidth, videoHeight } = this.video;
    const scale = Math.min(1, this.most[0] / videoWidth, this.most[1] / videoHeight);
    const [width, height] = [Math.round(scale * videoWidth), Math.round(scale * videoHeight)];
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
  }

  get size() {
    return [this.canvas.width, this.canvas.height];
  }

  /** Sends the next picture as soon as the camera has one, unless one is out. */
  next() {
    if (!this.stream || this.paused || this.flying || this.waiting) return;
    this.waiting = true;
    const take = () => {
      this.waiting = false;
      if (this.stream && !this.paused && !this.flying) this.take();
    };
    if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(take);
    else requestAnimationFrame(take);
  }

  async take() {
    this.flying = true;
    this.fit();
    this.canvas.getContext("2d").drawImage(this.video, 0, 0, ...this.size);
    const [blob, bitmap] = await Promise.all([
      new Promise((resolve) => this.canvas.toBlob(resolve, "image/jpeg", 0.85)),
      createImageBitmap(this.canvas),
    ]);
    if (!this.stream || !blob) {
      bitmap.close();
      this.flying = false;
      return;
    }
    this.out?.close();
    this.out = bitmap;
    this.send(blob);
  }

  /** The answer to the picture that is out: returns that picture. */
  answered() {
    const picture = this.out || null;
    this.out = null;
    this.flying = false;
    this.next();
    return picture;
  }

  hold() {
    this.paused = true;
  }

  release() {
    this.paused = false;
    this.next();
  }

  /** A new connection: what was out will not be answered. */
  restart() {
    this.flying = false;
    this.next();
  }

  close() {
    for (const track of this.stream?.getTracks() || []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
    this.out?.close();
    this.out = null;
  }
}
