#!/bin/bash
# Builds graph_probe in build/ against the cuDNN, cuBLAS and NVRTC that Python's wheels bring (PyTorch's, say), and writes
# build/libs.env, which run.sh reads: where these libraries are. WHEELS names another folder to look in (one that holds nvidia/).
# Falls back to a prebuilt binary (prebuilt/graph_probe, if there is one) when compiling fails.
set -u
cd "$(dirname "$0")"
mkdir -p build/include
find_dirs='
import glob, os, sys, sysconfig
roots = [os.environ.get("WHEELS", "")]
try:
    import nvidia
    roots += [os.path.dirname(p) for p in nvidia.__path__]
except ImportError:
    pass
roots += [sysconfig.get_paths()["purelib"], sysconfig.get_paths()["platlib"]] + sys.path
def first(pattern):
    for r in roots:
        hits = sorted(glob.glob(os.path.join(r, "nvidia", "*", pattern))) if r else []
        if hits:
            return os.path.dirname(hits[0])
    for r in ("/usr/lib/x86_64-linux-gnu", "/usr/local/cuda/lib64", "/usr/include", "/usr/include/x86_64-linux-gnu", "/usr/local/cuda/include"):
        if os.path.exists(os.path.join(r, os.path.basename(pattern))):
            return r
    return ""
for name, pattern in (("CUDNN_LIB", "lib/libcudnn.so.9"), ("CUDNN_INC", "include/cudnn.h"), ("BLAS_LIB", "lib/libcublasLt.so.13"),
                      ("BLAS_INC", "include/cublasLt.h"), ("NVRTC_LIB", "lib/libnvrtc.so.13"), ("CUDART_LIB", "lib/libcudart.so.13")):
    print(name + "=\"" + first(pattern) + "\"")
'
python3 -c "$find_dirs" > build/libs.env || exit 1
. build/libs.env
cat build/libs.env
NVCC=${NVCC:-$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)}
# Only the cuBLAS headers of the wheel: its CUDA headers must not mix with nvcc's own.
for h in cublasLt.h cublas_v2.h cublas_api.h; do [ -e "$BLAS_INC/$h" ] && ln -sf "$BLAS_INC/$h" build/include/$h; done
start=$(date +%s)
ok=
for arch in ${ARCH:-sm_90}; do
  rm -f build/graph_probe
  # static cudart: the program brings its own, cuDNN's libraries bring theirs, both speak to the same driver
  "$NVCC" -O2 -std=c++17 -arch=$arch -cudart static -w -Ibuild/include -I"$CUDNN_INC" graph_probe.cu -o build/graph_probe \
    -L"$CUDNN_LIB" -L"$BLAS_LIB" -l:libcudnn.so.9 -l:libcublasLt.so.13 -ldl -lpthread \
    -Xlinker --allow-shlib-undefined -Xlinker -rpath="$CUDNN_LIB" -Xlinker -rpath="$BLAS_LIB" && ok=1 && break
done
if [ -z "$ok" ]; then
  echo "compiling failed" >&2
  [ -e prebuilt/graph_probe ] || exit 1
  echo "taking the prebuilt binary" >&2
  cp prebuilt/graph_probe build/graph_probe && chmod +x build/graph_probe || exit 1
fi
echo "built in $(( $(date +%s) - start )) s"
