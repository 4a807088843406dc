import assert from "node:assert/strict";
import { test } from "node:test";
import { garmentIn } from "../../web/restyle/garments.js";
import { freshWish, inputOf, lacking, queryOf, suggestions, wishOf } from "../../web/restyle/wish.js";

const wished = { ...freshWish(7), words: "a skirt", prompt: " a red skirt " };
const pictures = { image: "data:image/png;base64,AA==", mask: null };

test("a wish without a mask of its own is found by its words, and says nothing that would be so anyway", () => {
  assert.deepEqual(inputOf(wished, pictures), {
    mode: "style", image: pictures.image, mask_prompt: "a skirt", prompt: "a red skirt", seed: 7,
  });
});

test("a mask that was drawn is sent instead of the words, and every setting by its name", () => {
  const wish = {
    ...wished, negative: "stripes", style: "sunset@2", strength: 0.5, colour: "#aa0011", outputs: 3, feather: 0, fast: true, steps: 9, guidance: 0,
    consent: "release-1",
  };
  assert.deepEqual(inputOf(wish, { ...pictures, mask: "uploads/m.png" }), {
    mode: "inpaint", image: pictures.image, mask: "uploads/m.png", prompt: "a red skirt", seed: 7, negative_prompt: "stripes", adapter: "sunset@2",
    adapter_scale: 0.5, colour: "#aa0011", num_outputs: 3, mask_blur: 0, fast: true, num_inference_steps: 9, guidance_scale: 0, consent: "release-1",
  });
});

test("what an address says is the wish that it was made of, without the consent", () => {
  const wish = { ...wished, prompt: "a skirt & more?", style: "sunset@2", colour: "#aa0011", outputs: 4, locked: true, fast: true, feather: 8, consent: "release-1" };
  const back = wishOf(new URLSearchParams(queryOf(wish)));
  assert.deepEqual(back, { ...wish, consent: "" });
});

test("what an address says wrongly is left out", () => {
  const { style, colour, outputs, strength, locked, steps } = wishOf(
    new URLSearchParams("style=../x&colour=red&outputs=99&strength=-1&seed=4294967296&steps=x"),
  );
  assert.deepEqual({ style, colour, outputs, strength, locked, steps }, { style: "", colour: "", outputs: 1, strength: 1, locked: false, steps: null });
});

test("a garment is known in English and Korean, and not inside of other words", () => {
  assert.equal(garmentIn("a red SKIRT and shoes")?.en, "skirt");
  assert.equal(garmentIn("긴 치마를")?.en, "skirt");
  assert.equal(garmentIn("a t-shirt")?.en, undefined);
  assert.equal(garmentIn("the hatch")?.en, undefined);
  assert.equal(suggestions("shoes")[0], "red shoes");
  assert.deepEqual(suggestions("a lamp"), []);
});

test("the reason why nothing can be painted is the first thing to do", () => {
  const ready = { photo: true, finding: false, masked: 0.1 };
  assert.equal(lacking(wished, ready), null);
  assert.equal(lacking(wished, { ...ready, photo: false }), "lacks.photo");
  assert.equal(lacking(wished, { ...ready, finding: true }), "lacks.finding");
  assert.equal(lacking(wished, { ...ready, masked: null }), "lacks.garment");
  assert.equal(lacking(wished, { ...ready, masked: 0 }), "lacks.mask");
  assert.equal(lacking({ ...wished, prompt: "  " }, ready), "lacks.prompt");
});
