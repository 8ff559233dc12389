// The judgement of onnxruntime, for onnx_peers.py: node onnx_runtime.js DIR gives, for every [name, shape] of
// DIR/SHAPES.json, how far its answers to NAME.x are from NAME.y, as a part of the largest, one name and number a line.
const fs = require("fs");
const path = require("path");
const ort = require("onnxruntime-node");

const floats = (file) => {
  const bytes = fs.readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

(async () => {
  const folder = process.argv[2];
  for (const [name, shape] of JSON.parse(fs.readFileSync(path.join(folder, "SHAPES.json")))) {
    const at = (end) => path.join(folder, `${name}.${end}`);
    const session = await ort.InferenceSession.create(at("onnx"), { intraOpNumThreads: 1 });
    const feed = { [session.inputNames[0]]: new ort.Tensor("float32", floats(at("x")), shape) };
    const answer = (await session.run(feed))[session.outputNames[0]].data;
    const want = floats(at("y"));
    if (answer.length !== want.length) throw new Error(`${name}: ${answer.length} answers, not ${want.length}`);
    let most = 0, largest = 1e-30;
    want.forEach((y, i) => {
      const d = Math.abs(answer[i] - y);
      most = d <= most ? most : d;
      largest = Math.max(largest, Math.abs(y));
    });
    console.log(`${name} ${most / largest}`);
  }
})().catch((error) => { console.error(error); process.exit(1); });
