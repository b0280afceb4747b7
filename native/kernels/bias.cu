// The bias of linear layers and convolutions, y (rows, channels).
#include "common.cuh"

template <class T, int V>
__device__ __forceinline__ void addBias(
    T* y, const float* b, long long count, int channels, int hasRelu) {
  ChannelLanes lanes(channels / V);
  Floats<V> bias = loadFloats<V>(b, lanes.lane);
  streamed<2>(
      firstIndex(), count / V, indexStride(),
      [=](long long i) { return loadRaw<T, V>(y, i); },
      [&](long long i, Raw<T, V> raw) {
        Floats<V> v = floatsOf<T, V>(raw);
        UNROLLED for (int k = 0; k < V; k++) {
          v.v[k] += bias.v[k];
          if (hasRelu) v.v[k] = relu(v.v[k]);
        }
        store<T, V>(y, i, v);
        if (lanes.next()) bias = loadFloats<V>(b, lanes.lane);
      });
}

// y += b (channels), then max(., 0) if hasRelu is not 0.
#define BIAS(NAME, T)                                                                    \
  extern "C" __global__ void NAME(                                                       \
      T* y, const float* __restrict__ b, long long count, int channels, int hasRelu) {   \
    BY_CHANNELS(T, channels, addBias, y, b, count, channels, hasRelu)                    \
  }
BIAS(vgg4j_bias_f32, float)
BIAS(vgg4j_bias_bf16, unsigned short)
