// The first block in bf16 by matrix products of warps, for channels that are a multiple of 8: the same sums as
// in first_block.cu, with a patch as 9 taps of 4 values (what fills up a pixel is 0), and all 64 channels of a
// group at once.
#include "common.cuh"

enum {
  TILE_PIXELS = 16,    // of a row
  TILE_CHANNELS = 64,  // of a warp
  TILE_STEPS = 3,      // of 8 pairs of values: the 18 of a patch, then zeros
  PATCH_PAIRS = 18,
  PATCH_VALUES = 36,
  PATCH_COLUMNS = 5    // of 8 values: the patch, then a 1 that sums dy itself, then zeros
};

// A thread's part of a matrix (16, 2 STEPS x 4 pairs) of bf16 that stands left in a product: f(row, pair). A GPU
// multiplies what its threads hold together; elsewhere every thread holds all.
template <int STEPS>
struct LeftTile {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  unsigned words[2 * STEPS][2];

  template <class F>
  __device__ __forceinline__ explicit LeftTile(F f) {
    const int row = threadIdx.x % 32 / 4, pair = threadIdx.x % 4;
    UNROLLED for (int j = 0; j < 2 * STEPS; j++) {
      UNROLLED for (int h = 0; h < 2; h++) words[j][h] = f(row + 8 * h, pair + 4 * j);
    }
  }
#else
  unsigned words[16][8 * STEPS];

  template <class F>
  __device__ __forceinline__ explicit LeftTile(F f) {
    for (int row = 0; row < 16; row++) {
      for (int pair = 0; pair < 8 * STEPS; pair++) words[row][pair] = f(row, pair);
    }
  }
#endif
};

// The same of a matrix (8 STEPS pairs, 8) that stands right: f(pair, column).
template <int STEPS>
struct RightTile {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  unsigned words[2 * STEPS];

  __device__ __forceinline__ RightTile() {}

  template <class F>
  __device__ __forceinline__ explicit RightTile(F f) {
    const int column = threadIdx.x % 32 / 4, pair = threadIdx.x % 4;
    UNROLLED for (int j = 0; j < 2 * STEPS; j++) words[j] = f(pair + 4 * j, column);
  }
#else
  unsigned words[8 * STEPS][8];

  __device__ __forceinline__ RightTile() {}

  template <class F>
  __device__ __forceinline__ explicit RightTile(F f) {
    for (int pair = 0; pair < 8 * STEPS; pair++) {
      for (int column = 0; column < 8; column++) words[pair][column] = f(pair, column);
    }
  }
#endif
};

// d += left right. A thread has rows `row` and `row` + 8, columns 2 `pair` and 2 `pair` + 1, as above.
template <int STEPS>
__device__ __forceinline__ void multiply(
    float (&d)[4], const LeftTile<STEPS>& left, const RightTile<STEPS>& right) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  UNROLLED for (int s = 0; s < STEPS; s++) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
        "{%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(left.words[2 * s][0]), "r"(left.words[2 * s][1]), "r"(left.words[2 * s + 1][0]),
          "r"(left.words[2 * s + 1][1]), "r"(right.words[2 * s]), "r"(right.words[2 * s + 1]));
  }
#else
  const int row = threadIdx.x % 32 / 4, column = threadIdx.x % 4 * 2;
  for (int k = 0; k < 4; k++) {
    for (int pair = 0; pair < 8 * STEPS; pair++) {
      const unsigned a = left.words[row + k / 2 * 8][pair], b = right.words[pair][column + k % 2];
      d[k] += __uint_as_float(a << 16) * __uint_as_float(b << 16);
      d[k] += __uint_as_float(a & 0xffff0000) * __uint_as_float(b & 0xffff0000);
    }
  }
#endif
}

// Which tiles a warp computes, and of which channels.
struct TilesOfWarp {
  int part, group;
  long long first, step;

  __device__ __forceinline__ explicit TilesOfWarp(int channels) {
    const int groups = (channels + TILE_CHANNELS - 1) / TILE_CHANNELS;
    part = blockIdx.x / groups;
    group = (blockIdx.x - part * groups) * TILE_CHANNELS;
    first = (long long) part * (FIRST_THREADS / 32) + threadIdx.x / 32;
    step = (long long) (gridDim.x / groups) * (FIRST_THREADS / 32);
  }
};

// A pair of a patch's values at a pixel.
__device__ __forceinline__ unsigned patchPair(
    const unsigned short* x, unsigned image, int row, int column, int pair, int height, int width) {
  if (pair >= PATCH_PAIRS) return 0;
  const int tap = pair / 2, down = tap / 3;
  row += down - 1;
  column += tap - 3 * down - 1;
  if ((unsigned) row >= (unsigned) height || (unsigned) column >= (unsigned) width) return 0;
  const long long pixel = ((long long) image * height + row) * width + column;
  return reinterpret_cast<const uint1*>(x)[pixel * 4 + pair % 2].x;
}

// The filters of a warp: tile t has 8 channels, of which a thread gets those that lie side by side in four.
struct FilterTiles {
  RightTile<TILE_STEPS> tiles[8];

  // The channel of a tile's column, from the group's first on.
  static __device__ __forceinline__ int channel(int t, int column) {
    return t / 4 * 32 + column / 2 * 8 + t % 4 * 2 + column % 2;
  }

  __device__ __forceinline__ FilterTiles(const unsigned short* __restrict__ w, int group, int channels) {
    UNROLLED for (int t = 0; t < 8; t++) {
      tiles[t] = RightTile<TILE_STEPS>([=](int pair, int column) {
        const int k = group + channel(t, column);
        if (pair >= PATCH_PAIRS || k >= channels) return 0u;
        return reinterpret_cast<const uint1*>(w)[(k * 9 + pair / 2) * 4 + pair % 2].x;
      });
    }
  }

  // z of 16 pixels from `column` on. Row r of the product is pixel 2 r, row r + 8 the next: a thread has both.
  __device__ __forceinline__ void convolve(
      const unsigned short* x, unsigned image, int row, int column, int height, int width,
      float (&z)[8][4]) const {
    const LeftTile<TILE_STEPS> patches([=](int r, int pair) {
      return patchPair(x, image, row, column + 2 * (r % 8) + r / 8, pair, height, width);
    });
    UNROLLED for (int t = 0; t < 8; t++) {
      UNROLLED for (int k = 0; k < 4; k++) z[t][k] = 0.0f;
      multiply(z[t], patches, tiles[t]);
    }
  }
};

// Scale and shift of a warp's channels in shared memory.
struct TileNorm {
  const float* shared;

  // All threads of a block call it.
  __device__ __forceinline__ TileNorm(
      float* memory, const float* __restrict__ scale, const float* __restrict__ shift, int group,
      int channels)
      : shared(memory) {
    const int k = threadIdx.x % TILE_CHANNELS;
    const bool isShift = threadIdx.x >= TILE_CHANNELS;
    const float* from = isShift ? shift : scale;
    const bool isThere = from && group + k < channels;
    memory[threadIdx.x] = isThere ? from[group + k] : isShift ? 0.0f : 1.0f;
    __syncthreads();
  }

  // max(0, scale z + shift) of the 8 channels from `first` on, as bf16.
  __device__ __forceinline__ uint4 apply(const float (&z)[8][4], int half, int side, int first) const {
    Floats<8> v;
    const Floats<8> a = loadFloats<8>(shared, first / 8);
    const Floats<8> b = loadFloats<8>(shared + TILE_CHANNELS, first / 8);
    UNROLLED for (int k = 0; k < 8; k++) {
      v.v[k] = relu(affine(z[half * 4 + k / 2][2 * side + k % 2], a.v[k], b.v[k]));
    }
    return rawOf<unsigned short, 8>(v).bits;
  }
};

// A bit for each of 8 values that is not 0.
__device__ __forceinline__ unsigned bitsOf(const uint4& values) {
  const unsigned words[4] = {values.x, values.y, values.z, values.w};
  unsigned bits = 0;
  UNROLLED for (int i = 0; i < 4; i++) {
    bits |= (words[i] << 16 ? 1u << 2 * i : 0) | (words[i] >> 16 ? 2u << 2 * i : 0);
  }
  return bits;
}

// y = max(0, scale z + shift); scale and shift may be null. on (batch, height, width, channels / 8) has a bit
// for each value of y that is not 0; it may be null. parts x groups of 64 channels.
extern "C" __global__ void __launch_bounds__(FIRST_THREADS, 3) vgg4j_first_tiles_bf16(
    const unsigned short* __restrict__ x, const unsigned short* __restrict__ w,
    const float* __restrict__ scale, const float* __restrict__ shift,
    unsigned short* __restrict__ y, unsigned char* __restrict__ on, int batch, int height, int width,
    int channels) {
  __shared__ uint4 memory[TILE_CHANNELS / 2];
  const TilesOfWarp tiles(channels);
  const TileNorm norm(reinterpret_cast<float*>(memory), scale, shift, tiles.group, channels);
  const FilterTiles filters(w, tiles.group, channels);
  const int across = (width + TILE_PIXELS - 1) / TILE_PIXELS, lanes = channels / 8;
  const int own = threadIdx.x % 4, right = threadIdx.x % 32 / 4 * 2;
  const long long count = (long long) batch * height * across;
  Walk at(tiles.first, tiles.step, 1, across, height);
  NOT_UNROLLED for (long long i = tiles.first; i < count; i += tiles.step) {
    const int row = at.row, column = at.column * TILE_PIXELS;
    float z[8][4];
    filters.convolve(x, at.image, row, column, height, width, z);
    const long long pixel = ((long long) at.image * height + row) * width + column + right;
    UNROLLED for (int side = 0; side < 2; side++) {
      UNROLLED for (int half = 0; half < 2; half++) {
        const int first = half * 32 + own * 8;
        const uint4 values = norm.apply(z, half, side, first);
        if (column + right + side >= width || tiles.group + first >= channels) continue;
        const long long access = (pixel + side) * lanes + (tiles.group + first) / 8;
        reinterpret_cast<uint4*>(y)[access] = values;
        if (on) on[access] = (unsigned char) bitsOf(values);
      }
    }
    at.next();
  }
}

// The larger of two bf16 values above 0 or NaN each, whose bits have the order of the values.
__device__ __forceinline__ void takeLarger(uint4& most, uint4& won, const uint4& other, unsigned which) {
  unsigned a[4] = {most.x, most.y, most.z, most.w}, of[4] = {won.x, won.y, won.z, won.w};
  const unsigned b[4] = {other.x, other.y, other.z, other.w};
  UNROLLED for (int i = 0; i < 4; i++) {
    const bool isLow = (b[i] & 0xffff) > (a[i] & 0xffff), isHigh = b[i] >> 16 > a[i] >> 16;
    const unsigned mask = (isLow ? 0xffffu : 0) | (isHigh ? 0xffff0000u : 0);
    a[i] = (a[i] & ~mask) | (b[i] & mask);
    of[i] = (of[i] & ~mask) | ((which | which << 16) & mask);
  }
  most.x = a[0], most.y = a[1], most.z = a[2], most.w = a[3];
  won.x = of[0], won.y = of[1], won.z = of[2], won.w = of[3];
}

// The same and 2x2 max-pooling: y and winner (may be null) as of vgg4j_norm_apply_pool.
extern "C" __global__ void __launch_bounds__(FIRST_THREADS, 2) vgg4j_first_tiles_pool_bf16(
    const unsigned short* __restrict__ x, const unsigned short* __restrict__ w,
    const float* __restrict__ scale, const float* __restrict__ shift,
    unsigned short* __restrict__ y, unsigned char* __restrict__ winner, int batch, int height,
    int width, int channels) {
  __shared__ uint4 memory[TILE_CHANNELS / 2];
  const TilesOfWarp tiles(channels);
  const TileNorm norm(reinterpret_cast<float*>(memory), scale, shift, tiles.group, channels);
  const FilterTiles filters(w, tiles.group, channels);
  const int complete = height / 2, completeAcross = width / 2, lanes = channels / 8;
  const int across = (completeAcross + TILE_PIXELS / 2 - 1) / (TILE_PIXELS / 2);
  const int own = threadIdx.x % 4, window = threadIdx.x % 32 / 4;
  const long long count = (long long) batch * complete * across;
  Walk at(tiles.first, tiles.step, 1, across, complete > 0 ? complete : 1);
  NOT_UNROLLED for (long long i = tiles.first; i < count; i += tiles.step) {
    // Behind a ReLU nothing is below 0, so that the window starts with 0 and no winner.
    uint4 most[2] = {}, won[2];
    UNROLLED for (int half = 0; half < 2; half++) {
      won[half].x = won[half].y = won[half].z = won[half].w = NO_WINNER | NO_WINNER << 16;
    }
    NOT_UNROLLED for (int down = 0; down < 2; down++) {
      float z[8][4];
      filters.convolve(
          x, at.image, 2 * at.row + down, at.column * TILE_PIXELS, height, width, z);
      UNROLLED for (int side = 0; side < 2; side++) {
        UNROLLED for (int half = 0; half < 2; half++) {
          const uint4 values = norm.apply(z, half, side, half * 32 + own * 8);
          takeLarger(most[half], won[half], values, 2 * down + side);
        }
      }
    }
    const int column = at.column * (TILE_PIXELS / 2) + window;
    const long long place = ((long long) at.image * complete + at.row) * completeAcross + column;
    UNROLLED for (int half = 0; half < 2; half++) {
      const int first = tiles.group + half * 32 + own * 8;
      if (column >= completeAcross || first >= channels) continue;
      const long long access = place * lanes + first / 8;
      reinterpret_cast<uint4*>(y)[access] = most[half];
      if (!winner) continue;
      uint2 bytes;
      bytes.x = (won[half].x & 0xff) | (won[half].x >> 8 & 0xff00) | (won[half].y & 0xff) << 16 |
                (won[half].y << 8 & 0xff000000);
      bytes.y = (won[half].z & 0xff) | (won[half].z >> 8 & 0xff00) | (won[half].w & 0xff) << 16 |
                (won[half].w << 8 & 0xff000000);
      reinterpret_cast<uint2*>(winner)[access] = bytes;
    }
    at.next();
  }
}

// dy of 8 channels at a pixel where y is not 0, else 0.
struct TileSlopes {
  const unsigned short* dy;
  const unsigned char* on;
  int height, width, lanes;

  __device__ __forceinline__ uint4 at(unsigned image, int row, int column, int lane) const {
    uint4 g = {};
    if (column >= width || lane >= lanes) return g;
    const long long access = (((long long) image * height + row) * width + column) * lanes + lane;
    const uint4 slope = reinterpret_cast<const uint4*>(dy)[access];
    const unsigned bits = on[access];
    g.x = slope.x & mask(bits);
    g.y = slope.y & mask(bits >> 2);
    g.z = slope.z & mask(bits >> 4);
    g.w = slope.w & mask(bits >> 6);
    return g;
  }

  static __device__ __forceinline__ unsigned mask(unsigned bits) {
    return (bits & 1 ? 0xffffu : 0) | (bits & 2 ? 0xffff0000u : 0);
  }
};

// dy of 8 channels of the pooled tensor where the pixel has won, else 0.
struct PooledTileSlopes {
  const unsigned short* dy;
  const unsigned char* winner;
  int height, width, lanes;

  __device__ __forceinline__ uint4 at(unsigned image, int row, int column, int lane) const {
    uint4 g = {};
    const int down = row / 2, right = column / 2, complete = height / 2, completeAcross = width / 2;
    if (down >= complete || right >= completeAcross || lane >= lanes) return g;
    const long long access = (((long long) image * complete + down) * completeAcross + right) * lanes + lane;
    const uint4 slope = reinterpret_cast<const uint4*>(dy)[access];
    const uint2 won = reinterpret_cast<const uint2*>(winner)[access];
    const unsigned own = row % 2 * 2 + column % 2;
    g.x = slope.x & mask(won.x, own);
    g.y = slope.y & mask(won.x >> 16, own);
    g.z = slope.z & mask(won.y, own);
    g.w = slope.w & mask(won.y >> 16, own);
    return g;
  }

  static __device__ __forceinline__ unsigned mask(unsigned won, unsigned own) {
    return ((won & 0xff) == own ? 0xffffu : 0) | ((won >> 8 & 0xff) == own ? 0xffff0000u : 0);
  }
};

__device__ __forceinline__ unsigned wordOf(const uint4& values, int i) {
  return i == 0 ? values.x : i == 1 ? values.y : i == 2 ? values.z : values.w;
}

// The rows of a left tile are channels: row r of tile t is 8 r + 2 t of the group, row r + 8 the next.
template <class Slopes>
struct SlopeTiles {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  uint4 g[4];

  __device__ __forceinline__ SlopeTiles(
      const Slopes& slopes, unsigned image, int row, int column, int lane) {
    UNROLLED for (int k = 0; k < 4; k++) {
      const int pixel = threadIdx.x % 4 * 2 + k / 2 * 8 + k % 2;
      g[k] = slopes.at(image, row, column + pixel, lane + threadIdx.x % 32 / 4);
    }
  }

  __device__ __forceinline__ uint4 at(int, int pixel) const { return g[pixel / 8 * 2 + pixel % 2]; }
#else
  uint4 g[8][16];

  __device__ __forceinline__ SlopeTiles(
      const Slopes& slopes, unsigned image, int row, int column, int lane) {
    for (int r = 0; r < 8; r++) {
      for (int pixel = 0; pixel < 16; pixel++) {
        g[r][pixel] = slopes.at(image, row, column + pixel, lane + r);
      }
    }
  }

  __device__ __forceinline__ uint4 at(int row, int pixel) const { return g[row % 8][pixel]; }
#endif

  __device__ __forceinline__ LeftTile<1> tile(int t) const {
    return LeftTile<1>([=](int row, int pair) {
      const unsigned a = wordOf(at(row, 2 * pair), t), b = wordOf(at(row, 2 * pair + 1), t);
      return row < 8 ? (a & 0xffff) | b << 16 : a >> 16 | (b & 0xffff0000);
    });
  }
};

// Value i of the patch at a pixel, as its bits.
__device__ __forceinline__ unsigned patchValue(
    const unsigned short* x, unsigned image, int row, int column, int i, int height, int width) {
  if (i >= PATCH_VALUES) return i == PATCH_VALUES ? 0x3f80 : 0;
  const int tap = i / 4, down = tap / 3;
  row += down - 1;
  column += tap - 3 * down - 1;
  if ((unsigned) row >= (unsigned) height || (unsigned) column >= (unsigned) width) return 0;
  return x[(((long long) image * height + row) * width + column) * 8 + i % 4];
}

template <class Slopes>
__device__ __forceinline__ void firstTilesBackward(
    const unsigned short* __restrict__ x, const Slopes& slopes, float* __restrict__ partial,
    int batch, int height, int width, int channels, int inChannels) {
  enum { WARPS = FIRST_THREADS / 32 };
  __shared__ float shared[WARPS][TILE_CHANNELS][8 + 1];
  const TilesOfWarp tiles(channels);
  const int across = (width + TILE_PIXELS - 1) / TILE_PIXELS;
  const long long count = (long long) batch * height * across;
  Walk at(tiles.first, tiles.step, 1, across, height);
  float sums[4][PATCH_COLUMNS][4] = {};
  NOT_UNROLLED for (long long i = tiles.first; i < count; i += tiles.step) {
    const int row = at.row, column = at.column * TILE_PIXELS;
    const unsigned image = at.image;
    const SlopeTiles<Slopes> g(slopes, image, row, column, tiles.group / 8);
    const LeftTile<1> left[4] = {g.tile(0), g.tile(1), g.tile(2), g.tile(3)};
    UNROLLED for (int n = 0; n < PATCH_COLUMNS; n++) {
      const RightTile<1> patches([=](int pair, int value) {
        const int from = column + 2 * pair;
        return patchValue(x, image, row, from, 8 * n + value, height, width) |
               patchValue(x, image, row, from + 1, 8 * n + value, height, width) << 16;
      });
      UNROLLED for (int t = 0; t < 4; t++) multiply(sums[t][n], left[t], patches);
    }
    at.next();
  }
  const int warp = threadIdx.x / 32, own = threadIdx.x % 32 / 4, pair = threadIdx.x % 4;
  const int entries = 9 * inChannels + 1;
  UNROLLED for (int n = 0; n < PATCH_COLUMNS; n++) {
    UNROLLED for (int t = 0; t < 4; t++) {
      UNROLLED for (int k = 0; k < 4; k++) {
        shared[warp][8 * own + 2 * t + k / 2][2 * pair + k % 2] = sums[t][n][k];
      }
    }
    __syncthreads();
    NOT_UNROLLED for (int i = threadIdx.x; i < TILE_CHANNELS * 8; i += FIRST_THREADS) {
      const int k = i % TILE_CHANNELS, value = i / TILE_CHANNELS, all = 8 * n + value;
      float sum = 0.0f;
      UNROLLED for (int other = 0; other < WARPS; other++) sum += shared[other][k][value];
      const int entry = all == PATCH_VALUES ? entries - 1 : all / 4 * inChannels + all % 4;
      const bool isThere = all == PATCH_VALUES || (all < PATCH_VALUES && all % 4 < inChannels);
      if (!isThere || tiles.group + k >= channels) continue;
      partial[((long long) tiles.part * entries + entry) * channels + tiles.group + k] = sum;
    }
    __syncthreads();
  }
}

// partial (parts, 9 inChannels + 1, channels): the sums of g p and of g, where g is dy where `on` has a bit.
extern "C" __global__ void __launch_bounds__(FIRST_THREADS, 3) vgg4j_first_tiles_backward_bf16(
    const unsigned short* __restrict__ x, const unsigned short* __restrict__ dy,
    const unsigned char* __restrict__ on, float* __restrict__ partial, int batch, int height,
    int width, int channels, int inChannels) {
  const TileSlopes slopes = {dy, on, height, width, channels / 8};
  firstTilesBackward(x, slopes, partial, batch, height, width, channels, inChannels);
}

// The same, where g is dy of the pooled tensor at the winners.
extern "C" __global__ void __launch_bounds__(FIRST_THREADS, 3) vgg4j_first_tiles_backward_pool_bf16(
    const unsigned short* __restrict__ x, const unsigned short* __restrict__ dy,
    const unsigned char* __restrict__ winner, float* __restrict__ partial, int batch, int height,
    int width, int channels, int inChannels) {
  const PooledTileSlopes slopes = {dy, winner, height, width, channels / 8};
  firstTilesBackward(x, slopes, partial, batch, height, width, channels, inChannels);
}
