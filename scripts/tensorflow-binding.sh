#!/bin/sh
# Builds @tensorflow/tfjs-node's native binding on libtensorflow as PyPI's tensorflow-cpu has it, for machines that reach package
# registries alone and for a newer TensorFlow than tfjs-node would download. Linux on x64; needs Python with pip, make, g++ and Node's
# headers. See docs/tensorflow.md.
#
#   sh scripts/tensorflow-binding.sh FOLDER
#   MEDDISTILL_TENSORFLOW=FOLDER meddistill run my.distill.jsonc --device tensorflow
set -eu

folder=${1:?"usage: sh scripts/tensorflow-binding.sh FOLDER"}
tfjs=${TFJS_VERSION:-4.22.0}
tensorflow=${TENSORFLOW_VERSION:-2.18.1}

# Debian's and NodeSource's packages install Node's headers beside it.
headers=${NODE_HEADERS:-$(dirname "$(dirname "$(realpath "$(command -v node)")")")}
if [ ! -f "$headers/include/node/node_api.h" ]; then
  echo "Node's headers are not in $headers/include/node: NODE_HEADERS names the folder that has include/node." >&2
  exit 1
fi

mkdir -p "$folder"
cd "$folder"
here=$(pwd -P)

# Without its scripts, which would download a libtensorflow and a binding.
[ -f package.json ] || echo '{ "private": true }' > package.json
npm install --ignore-scripts --no-audit --no-fund "@tensorflow/tfjs-node@$tfjs"

python3 -m pip download --no-deps --dest wheel "tensorflow-cpu==$tensorflow"
python3 - "$tensorflow" <<'PYTHON'
import glob, sys, zipfile

[wheel] = glob.glob(f'wheel/tensorflow_cpu-{sys.argv[1]}-*.whl')
wanted = ('tensorflow/libtensorflow_', 'tensorflow/include/tensorflow/', 'tensorflow/include/tsl/',
          'tensorflow/include/xla/')
with zipfile.ZipFile(wheel) as archive:
    archive.extractall('.', [name for name in archive.namelist() if name.startswith(wanted)])
PYTHON

package="$here/node_modules/@tensorflow/tfjs-node"
rm -rf "$package/deps"
mkdir -p "$package/deps/lib"
ln -s "$here/tensorflow/include" "$package/deps/include"
for library in cc framework; do
  ln -s "$here/tensorflow/libtensorflow_$library.so.2" "$package/deps/lib/"
done
# The wheel has the C interface in its library for C++.
ln -s libtensorflow_cc.so.2 "$package/deps/lib/libtensorflow.so"
ln -s libtensorflow_framework.so.2 "$package/deps/lib/libtensorflow_framework.so"

cd "$package"
gyp=$(npm root --global)/npm/node_modules/node-gyp/bin/node-gyp.js
node "$gyp" rebuild --nodedir="$headers" --module_name=tfjs_binding \
  --module_path="$package/lib/napi-v8" --napi_build_version=8

TF_CPP_MIN_LOG_LEVEL=2 node -e "
  const tf = require('$package');
  const [sum] = tf.tensor([1, 2, 3]).square().sum().dataSync();
  if (sum !== 14) throw new Error('1 + 4 + 9 is ' + sum);
  console.log('TensorFlow ' + tf.backend().binding.TF_Version + ' computes. MEDDISTILL_TENSORFLOW=$here');
"
