import assert from "node:assert/strict";
import test from "node:test";

import { placement } from "./place.js";

const PICTURE = [640, 360];
const near = (one, other) => one.forEach((value, at) => assert.ok(Math.abs(value - other[at]) < 1e-9, `${one} is not ${other}`));

test("a picture is contained in its box, or covers it, whatever its shape", () => {
  for (const [box, fit, scale, first] of [
    [[640, 360], "contain", 1, [0, 0]],
    [[1280, 800], "contain", 2, [0, 40]],
    [[1000, 360], "contain", 1, [180, 0]],
    [[1000, 360], "cover", 1.5625, [0, -101.25]],
    [[320, 360], "cover", 1, [-160, 0]],
  ]) {
    const place = placement({ picture: PICTURE, box, fit });
    assert.equal(place.scale, scale);
    near(place.toCanvas([0, 0]), first);
    near(place.toCanvas([320, 180]), [box[0] / 2, box[1] / 2]);
  }
});

test("the canvas has as many pixels as the screen", () => {
  const place = placement({ picture: PICTURE, box: [320, 320], dpr: 2.5 });
  near(place.toCanvas([0, 0]), [0, 175]);
  near(place.toCanvas([640, 360]), [800, 625]);
});

test("a picture is turned clockwise, and mirrored as it is shown then", () => {
  // Where the upper left and the upper right corner are.
  for (const [rotation, mirrored, left, right] of [
    [0, false, [0, 0], [640, 0]],
    [0, true, [640, 0], [0, 0]],
    [90, false, [360, 0], [360, 640]],
    [90, true, [0, 0], [0, 640]],
    [180, false, [640, 360], [0, 360]],
    [180, true, [0, 360], [640, 360]],
    [270, false, [0, 640], [0, 0]],
    [270, true, [360, 640], [360, 0]],
  ]) {
    const box = rotation % 180 ? [360, 640] : PICTURE;
    const place = placement({ picture: PICTURE, box, rotation, mirrored });
    near(place.toCanvas([0, 0]), left);
    near(place.toCanvas([640, 0]), right);
  }
});

test("what is in the middle stays within the picture, and a picture that is smaller than its box in the middle", () => {
  const view = { picture: PICTURE, box: [640, 720], zoom: 1.5 };
  for (const centre of [[0, 0], [213.33333333333334, 7]]) near(placement({ ...view, centre }).centre, [213.33333333333334, 180]);
  near(placement({ ...view, centre: [400, 180] }).toCanvas([400, 180]), [320, 360]);
  near(placement({ ...view, centre: [999, 999] }).toCanvas([640, 0]), [640, 90]);
});

test("each map leads back, and the matrix is the same map", () => {
  for (const rotation of [0, 90, 180, 270]) {
    for (const mirrored of [false, true]) {
      for (const zoom of [1, 3]) {
        const { matrix: [a, b, c, d, e, f], toCanvas, toPicture } = placement({ picture: PICTURE, box: [500, 700], dpr: 2, rotation, mirrored, zoom, centre: [500, 60] });
        near(toPicture(toCanvas([123, 45])), [123, 45]);
        near(toCanvas([123, 45]), [a * 123 + c * 45 + e, b * 123 + d * 45 + f]);
      }
    }
  }
});
