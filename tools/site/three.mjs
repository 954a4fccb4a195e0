// What the page takes of three.js: vendor.mjs makes one file of it.

export {
  Box3,
  DirectionalLight,
  HemisphereLight,
  LoadingManager,
  Mesh,
  MeshStandardMaterial,
  PerspectiveCamera,
  Scene,
  Vector3,
  WebGLRenderer,
} from "three";
export { OrbitControls } from "three/addons/controls/OrbitControls.js";
export { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
export { OBJLoader } from "three/addons/loaders/OBJLoader.js";
export { STLLoader } from "three/addons/loaders/STLLoader.js";
