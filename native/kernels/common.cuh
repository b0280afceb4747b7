// Shared by all kernel files. Each file is compiled by nvcc for the GPU, by NVRTC as part of one text
// (all files in the order of kernels.list), and by g++ for the stand-in. So no other header may be
// included, and no two files may define the same name.
#ifndef VGG4J_COMMON_CUH
#define VGG4J_COMMON_CUH

#ifdef __CUDACC__
#define UNROLLED _Pragma("unroll")
#define NOT_UNROLLED _Pragma("unroll 1")
#else
#define UNROLLED
#define NOT_UNROLLED
#endif

// Everything that changes between steps, in device memory, so that a recorded step can be replayed.
// The host writes the first seven fields; vgg4j_adam_prepare derives the last two.
struct StepState {
  unsigned long long seed;
  unsigned long long step;         // optimizer updates already made
  unsigned long long forwardPass;  // selects dropout's draws
  double learningRate;
  double lossScale;  // factor of the summed loss before the backward
  long long rows;    // the first `rows` samples of the batch count in the loss
  long long first;   // where the batch begins in the order of the images, for images in device memory
  float adamStepSize;        // lr / (1 - beta1^t), t = step + 1
  float adamRootCorrection;  // 1 / sqrt(1 - beta2^t)
};
static_assert(sizeof(StepState) == 64, "the host writes this layout");

// Sums over samples since the last reset; a reset sets all bytes to zero.
struct LossTotals {
  double lossSum;
  long long correct;
  long long inTopFive;
  long long count;
  long long badLabels;       // labels outside 0..classes-1
  long long firstNonFinite;  // 0, or 1 + the first step whose loss was not finite
};
static_assert(sizeof(LossTotals) == 48, "the host reads this layout");

// The first index and the stride of a grid-stride loop.
__device__ __forceinline__ long long firstIndex() {
  return (long long) blockIdx.x * blockDim.x + threadIdx.x;
}

__device__ __forceinline__ long long indexStride() {
  return (long long) gridDim.x * blockDim.x;
}

// a / b for a >= 0 and b > 0. What exceeds 32 bits is rare, and divided bit by bit: the compiler's division
// of 64 bits would make up most of the code.
__device__ __forceinline__ long long quotient(long long a, int b) {
  if (a <= 0xffffffffll) return (unsigned) a / (unsigned) b;
  unsigned long long rest = 0, result = 0;
  NOT_UNROLLED for (int bit = 62; bit >= 0; bit--) {
    rest = 2 * rest + (a >> bit & 1);
    const bool isDivisible = rest >= (unsigned) b;
    rest -= isDivisible ? b : 0;
    result = 2 * result + isDivisible;
  }
  return (long long) result;
}

// Where a stepping index stands among (image, row, column, lane): the digits are advanced without a
// division. A unit that a kernel does not need has the extent 1. Image is a type that counts the images.
template <class Image>
struct WalkOver {
  unsigned lane, column, row;  // the digits
  Image image;
  unsigned lanes, columns, rows;  // their extents
  unsigned laneStep, columnStep, rowStep;
  Image imageStep;

  __device__ __forceinline__ WalkOver(
      long long index, long long step, int laneCount, int columnCount, int rowCount)
      : lanes(laneCount), columns(columnCount), rows(rowCount) {
    image = (Image) split(index, lane, column, row);
    imageStep = (Image) split(step, laneStep, columnStep, rowStep);
  }

  __device__ __forceinline__ void next() {
    lane += laneStep;
    column += columnStep + carry(lane, lanes);
    row += rowStep + carry(column, columns);
    image += imageStep + carry(row, rows);
  }

 private:
  __device__ __forceinline__ long long split(
      long long index, unsigned& low, unsigned& middle, unsigned& high) const {
    const long long a = quotient(index, lanes), b = quotient(a, columns), c = quotient(b, rows);
    low = (unsigned) (index - a * lanes);
    middle = (unsigned) (a - b * columns);
    high = (unsigned) (b - c * rows);
    return c;
  }

  static __device__ __forceinline__ unsigned carry(unsigned& digit, unsigned extent) {
    const bool isOver = digit >= extent;
    digit -= isOver ? extent : 0;
    return isOver;
  }
};

using Walk = WalkOver<unsigned>;          // over the images of a batch
using LongWalk = WalkOver<long long>;     // over any rows

// A loop from `first` in steps whose loads are issued in batches of `BATCH`: load(i) returns what
// use(i, ..) then takes. An element may be written by its own `use` only.
template <int BATCH, class Load, class Use>
__device__ __forceinline__ void streamed(
    long long first, long long end, long long step, Load load, Use use) {
  NOT_UNROLLED for (long long i = first; i < end; i += BATCH * step) {
    decltype(load(i)) held[BATCH] = {};
    UNROLLED for (int k = 0; k < BATCH; k++) {
      if (i + k * step < end) held[k] = load(i + k * step);
    }
    UNROLLED for (int k = 0; k < BATCH; k++) {
      if (i + k * step < end) use(i + k * step, held[k]);
    }
  }
}

#endif
