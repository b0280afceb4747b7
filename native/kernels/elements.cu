// Elements in memory: float, or bf16 as its bits in an unsigned short. All arithmetic is in float. Threads
// access V elements at a time: 16 bytes (V = PER_ACCESS) where the channels allow it, else one.
#include "common.cuh"

template <class T>
constexpr int PER_ACCESS = 16 / (int) sizeof(T);

// As they lie in memory.
template <class T, int V>
struct Raw {
  uint4 bits;
};
template <class T>
struct Raw<T, 1> {
  T bits;
};

template <int V>
struct Floats {
  float v[V];
};

__device__ __forceinline__ float widen(float x) { return x; }
__device__ __forceinline__ float widen(unsigned short x) {
  return __uint_as_float((unsigned) x << 16);
}

// Two floats as bf16, rounded to nearest even; NaN becomes 0x7fff. `low` comes first in memory.
__device__ __forceinline__ unsigned bf16Pair(float low, float high) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  unsigned pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
#else
  const unsigned a = __float_as_uint(low), b = __float_as_uint(high);
  const unsigned roundedLow = low == low ? (a + 0x7fff + (a >> 16 & 1)) >> 16 : 0x7fff;
  const unsigned roundedHigh = high == high ? b + 0x7fff + (b >> 16 & 1) : 0x7fff0000;
  return (roundedHigh & 0xffff0000) | roundedLow;
#endif
}

__device__ __forceinline__ void narrow(float x, float& into) { into = x; }
__device__ __forceinline__ void narrow(float x, unsigned short& into) {
  into = (unsigned short) bf16Pair(x, 0.0f);
}

// x as T can hold it.
template <class T>
__device__ __forceinline__ float rounded(float x) {
  T narrowed;
  narrow(x, narrowed);
  return widen(narrowed);
}

// Access i of p.
template <class T, int V>
__device__ __forceinline__ Raw<T, V> loadRaw(const T* p, long long i) {
  Raw<T, V> raw;
  if constexpr (V == 1) {
    raw.bits = p[i];
  } else {
    raw.bits = reinterpret_cast<const uint4*>(p)[i];
  }
  return raw;
}

template <class T, int V>
__device__ __forceinline__ Floats<V> floatsOf(Raw<T, V> raw) {
  Floats<V> x;
  if constexpr (V == 1) {
    x.v[0] = widen(raw.bits);
  } else {
    const unsigned words[4] = {raw.bits.x, raw.bits.y, raw.bits.z, raw.bits.w};
    UNROLLED for (int k = 0; k < 4; k++) {
      if constexpr (V == 4) {
        x.v[k] = __uint_as_float(words[k]);
      } else {
        x.v[2 * k] = __uint_as_float(words[k] << 16);
        x.v[2 * k + 1] = __uint_as_float(words[k] & 0xffff0000);
      }
    }
  }
  return x;
}

template <class T, int V>
__device__ __forceinline__ Raw<T, V> rawOf(const Floats<V>& x) {
  Raw<T, V> raw;
  if constexpr (V == 1) {
    narrow(x.v[0], raw.bits);
  } else {
    unsigned words[4];
    UNROLLED for (int k = 0; k < 4; k++) {
      if constexpr (V == 4) {
        words[k] = __float_as_uint(x.v[k]);
      } else {
        words[k] = bf16Pair(x.v[2 * k], x.v[2 * k + 1]);
      }
    }
    raw.bits.x = words[0];
    raw.bits.y = words[1];
    raw.bits.z = words[2];
    raw.bits.w = words[3];
  }
  return raw;
}

template <class T, int V>
__device__ __forceinline__ Floats<V> load(const T* p, long long i) {
  return floatsOf<T, V>(loadRaw<T, V>(p, i));
}

template <class T, int V>
__device__ __forceinline__ void store(T* p, long long i, const Floats<V>& x) {
  const Raw<T, V> raw = rawOf<T, V>(x);
  if constexpr (V == 1) {
    p[i] = raw.bits;
  } else {
    reinterpret_cast<uint4*>(p)[i] = raw.bits;
  }
}

// The V floats of access i of an array of floats beside an array of T: the coefficients of V channels.
template <int V>
__device__ __forceinline__ Floats<V> loadFloats(const float* p, long long i) {
  Floats<V> x;
  if constexpr (V == 1) {
    x.v[0] = p[i];
  } else {
    UNROLLED for (int k = 0; k < V / 4; k++) {
      const Floats<4> part = load<float, 4>(p, i * (V / 4) + k);
      UNROLLED for (int j = 0; j < 4; j++) x.v[4 * k + j] = part.v[j];
    }
  }
  return x;
}

template <int V>
__device__ __forceinline__ void storeFloats(float* p, long long i, const Floats<V>& x) {
  if constexpr (V == 1) {
    p[i] = x.v[0];
  } else {
    UNROLLED for (int k = 0; k < V / 4; k++) {
      const Floats<4> part = {
          {x.v[4 * k], x.v[4 * k + 1], x.v[4 * k + 2], x.v[4 * k + 3]}};
      store<float, 4>(p, i * (V / 4) + k, part);
    }
  }
}

// Access i of an array of bf16 that is written four at a time, beside one of floats.
__device__ __forceinline__ void storeQuad(unsigned short* p, long long i, const Floats<4>& x) {
  uint2 both;
  both.x = bf16Pair(x.v[0], x.v[1]);
  both.y = bf16Pair(x.v[2], x.v[3]);
  reinterpret_cast<uint2*>(p)[i] = both;
}

// V bytes beside V elements.
template <int V>
struct Bytes {
  unsigned words[(V + 3) / 4];

  __device__ __forceinline__ unsigned at(int k) const {
    return words[k / 4] >> 8 * (k % 4) & 0xff;
  }

  // To zeros.
  __device__ __forceinline__ void put(int k, unsigned byte) { words[k / 4] |= byte << 8 * (k % 4); }
};

template <int V>
__device__ __forceinline__ Bytes<V> loadBytes(const unsigned char* p, long long i) {
  Bytes<V> bytes;
  if constexpr (V == 1) {
    bytes.words[0] = p[i];
  } else if constexpr (V == 4) {
    bytes.words[0] = reinterpret_cast<const uint1*>(p)[i].x;
  } else {
    const uint2 both = reinterpret_cast<const uint2*>(p)[i];
    bytes.words[0] = both.x;
    bytes.words[1] = both.y;
  }
  return bytes;
}

template <int V>
__device__ __forceinline__ void storeBytes(unsigned char* p, long long i, const Bytes<V>& bytes) {
  if constexpr (V == 1) {
    p[i] = (unsigned char) bytes.words[0];
  } else if constexpr (V == 4) {
    uint1 word;
    word.x = bytes.words[0];
    reinterpret_cast<uint1*>(p)[i] = word;
  } else {
    uint2 both;
    both.x = bytes.words[0];
    both.y = bytes.words[1];
    reinterpret_cast<uint2*>(p)[i] = both;
  }
}

// y = f(x) for each of count elements; y may be x.
template <int BATCH, class T, class F>
__device__ __forceinline__ void mapped(const T* x, T* y, long long count, F f) {
  constexpr int V = PER_ACCESS<T>;
  const long long whole = count / V;
  streamed<BATCH>(
      firstIndex(), whole, indexStride(),
      [=](long long i) { return loadRaw<T, V>(x, i); },
      [=](long long i, Raw<T, V> raw) {
        Floats<V> v = floatsOf<T, V>(raw);
        UNROLLED for (int k = 0; k < V; k++) v.v[k] = f(v.v[k], i * V + k);
        store<T, V>(y, i, v);
      });
  NOT_UNROLLED for (long long i = V * whole + firstIndex(); i < count; i += indexStride()) {
    narrow(f(widen(x[i]), i), y[i]);
  }
}

// y = f(x, w) for each of count elements; y may be x or w.
template <class T, class F>
__device__ __forceinline__ void mapped(const T* x, const T* w, T* y, long long count, F f) {
  constexpr int V = PER_ACCESS<T>;
  struct Both {
    Raw<T, V> x, w;
  };
  const long long whole = count / V;
  streamed<2>(
      firstIndex(), whole, indexStride(),
      [=](long long i) { return Both{loadRaw<T, V>(x, i), loadRaw<T, V>(w, i)}; },
      [=](long long i, Both raw) {
        Floats<V> a = floatsOf<T, V>(raw.x);
        const Floats<V> b = floatsOf<T, V>(raw.w);
        UNROLLED for (int k = 0; k < V; k++) a.v[k] = f(a.v[k], b.v[k]);
        store<T, V>(y, i, a);
      });
  NOT_UNROLLED for (long long i = V * whole + firstIndex(); i < count; i += indexStride()) {
    narrow(f(widen(x[i]), widen(w[i])), y[i]);
  }
}

// Calls FUNCTION<T, V> with the widest access for tensors with `channels` innermost.
#define BY_CHANNELS(T, channels, FUNCTION, ...)        \
  if ((channels) % PER_ACCESS<T> == 0) {               \
    FUNCTION<T, PER_ACCESS<T>>(__VA_ARGS__);           \
  } else {                                             \
    FUNCTION<T, 1>(__VA_ARGS__);                       \
  }

// Which of the accesses to a pixel's channels a thread makes in a grid-stride loop over all accesses.
struct ChannelLanes {
  unsigned lane, lanes, step;

  __device__ __forceinline__ explicit ChannelLanes(int count) : lanes(count) {
    const long long first = firstIndex(), stride = indexStride();
    lane = (unsigned) (first - quotient(first, count) * count);
    step = (unsigned) (stride - quotient(stride, count) * count);
  }

  // Goes to the loop's next index; false if the channels remain the same, as is usual.
  __device__ __forceinline__ bool next() {
    if (step == 0) return false;
    lane += step;
    lane -= lane >= lanes ? lanes : 0;
    return true;
  }
};
