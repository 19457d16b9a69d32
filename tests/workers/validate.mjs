// What independent readers say about models: `node validate.mjs FILE…` prints one JSON line per file.
// The packages are looked up in NODE_PATH's first directory.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const packages = process.env.NODE_PATH;
const require = createRequire(path.join(packages, 'x.js'));

async function usd() {
  // tinyusdz is built for pages and asks whether it is on one.
  globalThis.window ??= globalThis;
  Object.defineProperty(process, 'type', { value: 'renderer' });
  const { default: init } = await import(path.join(packages, 'tinyusdz', 'tinyusdz.js'));
  return init({ wasmBinary: fs.readFileSync(path.join(packages, 'tinyusdz', 'tinyusdz.wasm')) });
}

const validator = require('gltf-validator');
let tinyusdz;
for (const file of process.argv.slice(2)) {
  const bytes = new Uint8Array(fs.readFileSync(file));
  if (file.endsWith('.glb')) {
    const { issues } = await validator.validateBytes(bytes);
    console.log(JSON.stringify({ file, issues: issues.messages }));
  } else {
    tinyusdz ??= await usd();
    const loader = new tinyusdz.TinyUSDZLoaderNative();
    const opened = loader.loadFromBinary(bytes, file);
    const mesh = opened && loader.numMeshes() > 0 ? loader.getMesh(0) : {};
    console.log(JSON.stringify({ file, opened, meshes: opened ? loader.numMeshes() : 0,
      points: mesh.points?.length ?? 0, indices: mesh.faceVertexIndices?.length ?? 0, normals: mesh.normals?.length ?? 0,
      texcoords: mesh.texcoords?.length ?? 0 }));
  }
}
