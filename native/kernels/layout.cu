// Between row-major tensors (rows, channels, inner) and tensors with the channels innermost (rows, inner,
// stored), stored >= channels. Neither writes the channels from `channels` to `stored`.
#include "common.cuh"

// use(i, at) for each i: row-major element first + i is element `at` of the other layout.
template <class Use>
__device__ __forceinline__ void overChannels(
    long long first, long long count, int channels, int inner, int stored, Use use) {
  LongWalk place(first + firstIndex(), indexStride(), inner, channels, 1);
  NOT_UNROLLED for (long long i = firstIndex(); i < count; i += indexStride()) {
    use(i, (place.image * inner + place.lane) * stored + place.column);
    place.next();
  }
}

template <class E>
__device__ __forceinline__ void rowsToChannels(
    unsigned char* target, const unsigned char* rows, long long first, long long count,
    int channels, int inner, int stored) {
  E* to = reinterpret_cast<E*>(target);
  const E* from = reinterpret_cast<const E*>(rows);
  overChannels(first, count, channels, inner, stored,
               [=](long long i, long long at) { to[at] = from[i]; });
}

template <class E>
__device__ __forceinline__ void channelsToRows(
    unsigned char* rows, const unsigned char* source, long long first, long long count,
    int channels, int inner, int stored) {
  E* to = reinterpret_cast<E*>(rows);
  const E* from = reinterpret_cast<const E*>(source);
  overChannels(first, count, channels, inner, stored,
               [=](long long i, long long at) { to[i] = from[at]; });
}

// rows holds `count` elements of elementBytes (1, 2 or 4) bytes, from row-major element `first` on; target is
// the whole tensor.
extern "C" __global__ void vgg4j_rows_to_channels(
    unsigned char* target, const unsigned char* rows, long long first, long long count,
    int channels, int inner, int stored, int elementBytes) {
  if (elementBytes == 4) {
    rowsToChannels<unsigned>(target, rows, first, count, channels, inner, stored);
  } else if (elementBytes == 2) {
    rowsToChannels<unsigned short>(target, rows, first, count, channels, inner, stored);
  } else {
    rowsToChannels<unsigned char>(target, rows, first, count, channels, inner, stored);
  }
}

// source is the whole tensor; rows gets `count` elements, from row-major element `first` on.
extern "C" __global__ void vgg4j_channels_to_rows(
    unsigned char* rows, const unsigned char* source, long long first, long long count,
    int channels, int inner, int stored, int elementBytes) {
  if (elementBytes == 4) {
    channelsToRows<unsigned>(rows, source, first, count, channels, inner, stored);
  } else if (elementBytes == 2) {
    channelsToRows<unsigned short>(rows, source, first, count, channels, inner, stored);
  } else {
    channelsToRows<unsigned char>(rows, source, first, count, channels, inner, stored);
  }
}
