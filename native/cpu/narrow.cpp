// Convolutions of 3x3 filters between few channels. The lanes of a register are neighbouring pixels of a row, for which rows are
// taken from channels innermost to a row of each channel, and back.

#include <omp.h>

#include <cstdint>

#include "export.h"
#include "sums.h"
#include "threads.h"

namespace {

constexpr int TAPS = 3;

// Channels that are computed, and transposed, at a time.
constexpr int GROUP = 8;

// Lanes of a row that are computed at a time.
constexpr int MOST_LANES = 3;

// Rows of an image whose part of the filters' gradient is summed up on its own, at most.
constexpr int MOST_ROWS = 64;

// Rows of them that are worked on at a time.
constexpr int TOGETHER = 4;

typedef HalfLane Pixel;  // a group of a pixel

inline int least(int a, int b) { return a < b ? a : b; }

typedef int32_t Places __attribute__((vector_size(64)));
typedef double Pairs __attribute__((vector_size(64)));
typedef int64_t PairPlaces __attribute__((vector_size(64)));

// Transposes the 4 x 4 values of each quarter of four registers.
inline void transpose(const Lane* from, Lane* to) {
  const Places low = {0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29};
  const PairPlaces lowPairs = {0, 8, 2, 10, 4, 12, 6, 14};
  Pairs a = (Pairs)__builtin_shuffle(from[0], from[1], low), b = (Pairs)__builtin_shuffle(from[0], from[1], low + 2);
  Pairs c = (Pairs)__builtin_shuffle(from[2], from[3], low), d = (Pairs)__builtin_shuffle(from[2], from[3], low + 2);
  to[0] = (Lane)__builtin_shuffle(a, c, lowPairs);
  to[1] = (Lane)__builtin_shuffle(a, c, lowPairs + 1);
  to[2] = (Lane)__builtin_shuffle(b, d, lowPairs);
  to[3] = (Lane)__builtin_shuffle(b, d, lowPairs + 1);
}

inline Lane select(Lane a, Lane b, PairPlaces places) { return (Lane)__builtin_shuffle((Pairs)a, (Pairs)b, places); }

// Reads pixels of a group of channels as a lane of each channel; behind `count` pixels they are zero.
inline void read(const float* from, long pixel, int count, Lane* to) {
  const PairPlaces ofLow = {0, 1, 4, 5, 8, 9, 12, 13};
  auto two = [&](int a, int b) {
    Pixel first = a < count ? load<Pixel>(from + a * pixel) : Pixel{};
    Pixel second = b < count ? load<Pixel>(from + b * pixel) : Pixel{};
    return __builtin_shufflevector(first, second, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  };
  Lane low[4], high[4];  // of the channels, of pixels j, 4 + j, 8 + j and 12 + j
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++) {
    Lane near = two(j, 4 + j), far = two(8 + j, 12 + j);
    low[j] = select(near, far, ofLow);
    high[j] = select(near, far, ofLow + 2);
  }
  transpose(low, to);
  transpose(high, to + 4);
}

// Writes a lane of each channel of a group as pixels.
inline void write(const Lane* from, float* to, long pixel, int count) {
  const PairPlaces ofNear = {0, 1, 8, 9, 2, 3, 10, 11};
  Lane low[4], high[4];
  transpose(from, low);
  transpose(from + 4, high);
  auto two = [&](Lane pixels, int a, int b) {
    if (a < count) store(__builtin_shufflevector(pixels, pixels, 0, 1, 2, 3, 4, 5, 6, 7), to + a * pixel);
    if (b < count) store(__builtin_shufflevector(pixels, pixels, 8, 9, 10, 11, 12, 13, 14, 15), to + b * pixel);
  };
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++) {
    two(select(low[j], high[j], ofNear), j, 4 + j);
    two(select(low[j], high[j], ofNear + 4), 8 + j, 12 + j);
  }
}

// Images (N, channels / block, H, W, block); a block is one channel, or some groups.
struct Images {
  float* values;
  int channels, block, height, width;

  // Where a row of a channel begins.
  float* row(long image, int channel, int y) const {
    long plane = (image * channels + channel) / block;
    return values + (plane * height + y) * width * block + channel % block;
  }
};

// Rows of each channel of an image, `count` of them, with room before and behind the pixels, which is zero.
class Rows {
 public:
  // Floats of a row of a channel.
  static int stride(int width) { return (width + LANE - 1) / LANE * LANE + 2 * LANE; }

  static long floats(const Images& images, int count) { return (long)count * images.channels * stride(images.width); }

  Rows(const Images& images, int count, float* memory) : images(images), count(count), memory(memory) {
    memset(memory, 0, floats(images, count) * sizeof(float));
  }

  // Pixels of a channel of a row that was read and is one of the last.
  const float* row(int channel, int y) const { return at(channel, y); }

  // Reads a row if there is one, and has the next fetched from memory meanwhile.
  void read(long image, int y) {
    if (y + 1 < images.height) {
      for (int c = 0; c < images.channels; c += images.block) fetch(images.row(image, c, y + 1));
    }
    if (y < 0 || y >= images.height) return;
    for (int c = 0; c < images.channels; c += images.block == 1 ? 1 : GROUP) {
      const float* from = images.row(image, c, y);
      for (int x = 0; x < images.width; x += LANE) {
        int pixels = least(LANE, images.width - x);
        if (images.block == 1) {
          for (int i = 0; i < pixels; i++) at(c, y)[x + i] = from[x + i];
        } else {
          Lane lanes[GROUP];
          if (pixels == LANE) {
            ::read(from + (long)x * images.block, images.block, LANE, lanes);
          } else {
            ::read(from + (long)x * images.block, images.block, pixels, lanes);
          }
          for (int i = 0; i < GROUP; i++) store(lanes[i], at(c + i, y) + x);
        }
      }
    }
  }

 private:
  void fetch(const float* row) const {
    long bytes = (long)images.width * images.block * sizeof(float);
    for (long i = 0; i < bytes; i += 64) __builtin_prefetch(reinterpret_cast<const char*>(row) + i, 0, 2);
  }

  float* at(int channel, int y) const {
    return memory + ((long)(y % count) * images.channels + channel) * stride(images.width) + LANE;
  }

  const Images images;
  int count;
  float* memory;
};

// The rows above, at and below a row of an image, as far as there are any.
class Window {
 public:
  static long floats(const Images& images) { return Rows::floats(images, TAPS); }

  Window(const Images& images, float* memory) : images(images), rows(images, TAPS, memory) {}

  // Goes to a row, of which the row before was the last, or none.
  void go(long toImage, int toY) {
    bool isNext = toImage == image && toY == y + 1;
    for (int k = isNext ? 1 : -1; k <= 1; k++) rows.read(toImage, toY + k);
    image = toImage;
    y = toY;
  }

  int firstTap() const { return y == 0; }
  int endTap() const { return y == images.height - 1 ? TAPS - 1 : TAPS; }

  // Pixels of the row that a tap down the column reads, from that of the first tap along the row on.
  const float* row(int channel, int tap) const { return rows.row(channel, y + tap - 1) - 1; }

 private:
  const Images images;
  Rows rows;
  long image = -1;
  int y = 0;
};

// Floats of prepared filters, in whole lanes.
long prepared(int in, int out) { return ((long)in * out * TAPS * TAPS + LANE - 1) / LANE * LANE; }

// Filters (group of outputs, input, tap down, tap along, output) from (K, C, 3, 3), or from those of the gradient of x: inputs
// and outputs change places, and taps come from the end.
void prepare(const float* w, int in, int out, bool flipped, float* to) {
  constexpr int ALL = TAPS * TAPS;
  for (int k = 0; k < out; k++) {
    for (int c = 0; c < in; c++) {
      for (int tap = 0; tap < ALL; tap++) {
        float value = flipped ? w[((long)c * out + k) * ALL + ALL - 1 - tap] : w[((long)k * in + c) * ALL + tap];
        to[(((long)k / GROUP * in + c) * ALL + tap) * GROUP + k % GROUP] = value;
      }
    }
  }
}

void row(const Window& x, const Images& y, long image, int row, const float* filters, int in, const float* biases, bool relu) {
  for (int group = 0; group < y.channels; group += GROUP) {
    float* to = y.row(image, group, row);
    for (int begin = 0; begin < y.width; begin += MOST_LANES * LANE) {
      constant<MOST_LANES>(least(MOST_LANES, (y.width - begin + LANE - 1) / LANE), [&](auto lanes) {
        Sums<GROUP, decltype(lanes)::value> sums;
        sums.setRows(biases ? biases + group : nullptr);
        for (int c = 0; c < in; c++) {
          for (int tap = x.firstTap(); tap < x.endTap(); tap++) {
            const float* from = x.row(c, tap) + begin;
            const float* filter = filters + (((long)group / GROUP * in + c) * TAPS + tap) * TAPS * GROUP;
#pragma GCC unroll 3
            for (int along = 0; along < TAPS; along++) sums.add(filter + along * GROUP, 1, from + along, LANE);
          }
        }
        for (int l = 0; l < lanes; l++) {
          Lane own[GROUP];
#pragma GCC unroll 8
          for (int k = 0; k < GROUP; k++) {
            Lane value = sums.lanes[k][l];
            own[k] = relu ? (value <= 0 ? Lane{} : value) : value;
          }
          int first = begin + l * LANE;
          if (y.width - first >= LANE) {
            write(own, to + (long)first * y.block, y.block, LANE);
          } else {
            write(own, to + (long)first * y.block, y.block, y.width - first);
          }
        }
      });
    }
  }
}

void convolve(int images, const Images& x, const Images& y, const float* filters, const float* biases, bool relu, float* scratch,
              int mostThreads) {
  long rows = (long)images * y.height;
#pragma omp parallel num_threads(mostThreads)
  {
    Window window(x, scratch + omp_get_thread_num() * Window::floats(x));
    Range own = part(rows);
    for (long at = own.begin; at < own.end; at++) {
      window.go(at / y.height, at % y.height);
      row(window, y, at / y.height, at % y.height, filters, x.channels, biases, relu);
    }
  }
}

// The gradient of the filters: the images' rows in parts, each of which is summed on its own, so that the bits do not depend on the
// threads. A part's sums are lanes (group of outputs, input, tap down, output, tap along) and then (output), those of the biases.
struct Gradient {
  int images;
  const Images x, dy;

  int bands() const { return (dy.height + MOST_ROWS - 1) / MOST_ROWS; }
  int parts() const { return images * bands(); }
  long filters() const { return (long)x.channels * dy.channels * TAPS * TAPS; }
  long values() const { return filters() + dy.channels; }

  // Floats of a thread.
  long scratch() const { return Rows::floats(x, TOGETHER + TAPS - 1) + Rows::floats(dy, TOGETHER) + values() * LANE; }

  void sum(int part, Rows& inputs, Rows& gradients, float* sums) const {
    memset(sums, 0, values() * LANE * sizeof(float));
    int image = part / bands(), band = part % bands();
    int first = dy.height * band / bands(), end = dy.height * (band + 1) / bands();
    inputs.read(image, first - 1);
    inputs.read(image, first);
    long value = Rows::stride(dy.width);
    for (int y = first; y < end; y += TOGETHER) {
      int next = least(y + TOGETHER, end);
      for (int row = y; row < next; row++) {
        inputs.read(image, row + 1);
        gradients.read(image, row);
      }
      for (int group = 0; group < dy.channels; group += GROUP) {
        for (int c = 0; c < x.channels; c++) {
          for (int tap = 0; tap < TAPS; tap++) {
            float* place = sums + (((long)group / GROUP * x.channels + c) * TAPS + tap) * GROUP * TAPS * LANE;
            Sums<GROUP, TAPS> own;
            own.read(place, TAPS * LANE, LANE);
            for (int row = y; row < next; row++) {
              int from = row + tap - 1;
              if (from < 0 || from >= x.height) continue;
              const float* column = gradients.row(group, row);
              const float* line = inputs.row(c, from) - 1;
              for (int at = 0; at < dy.width; at += LANE) own.addEach(column + at, value, line + at, 1);
            }
            own.write(place, TAPS * LANE, LANE);
          }
        }
        for (int k = group; k < group + GROUP; k++) {
          float* place = sums + (filters() + k) * LANE;
          Lane own = load(place);
          for (int row = y; row < next; row++) {
            for (int at = 0; at < dy.width; at += LANE) own += load(gradients.row(k, row) + at);
          }
          store(own, place);
        }
      }
    }
  }

  // Sums of a part's lanes, as the filters and the biases lie: (K, C, 3, 3) and (K).
  void finish(const float* sums, float* to) const {
    auto total = [&](long at) {
      float sum = 0;
      for (int i = 0; i < LANE; i++) sum += sums[at * LANE + i];
      return sum;
    };
    for (int k = 0; k < dy.channels; k++) {
      for (int c = 0; c < x.channels; c++) {
        for (int tap = 0; tap < TAPS; tap++) {
          long from = ((((long)k / GROUP * x.channels + c) * TAPS + tap) * GROUP + k % GROUP) * TAPS;
          for (int along = 0; along < TAPS; along++) *to++ = total(from + along);
        }
      }
    }
    for (int k = 0; k < dy.channels; k++) *to++ = total(filters() + k);
  }

  void run(float* dw, float* db, float* scratch, int threads) const {
    float* results = scratch + threads * this->scratch();
#pragma omp parallel num_threads(threads)
    {
      float* own = scratch + omp_get_thread_num() * this->scratch();
      Rows inputs(x, TOGETHER + TAPS - 1, own);
      own += Rows::floats(x, TOGETHER + TAPS - 1);
      Rows gradients(dy, TOGETHER, own);
      own += Rows::floats(dy, TOGETHER);
#pragma omp for schedule(static)
      for (int part = 0; part < parts(); part++) {
        sum(part, inputs, gradients, own);
        finish(own, results + part * values());
      }
#pragma omp for schedule(static)
      for (long i = 0; i < values(); i++) {
        double sum = 0;
        for (int part = 0; part < parts(); part++) sum += results[part * values() + i];
        if (i < filters()) {
          dw[i] = sum;
        } else if (db) {
          db[i - filters()] = sum;
        }
      }
    }
  }
};

}  // namespace

// The methods of NarrowConv2d; they get what JNI gives to static ones.

// Floats that the others need, where so many threads run them.
EXPORTED int64_t Java_org_vgg4j_backend_onednn_NarrowConv2d_scratch(void*, void*, int32_t images, int32_t in, int32_t out,
                                                                 int32_t height, int32_t width, int32_t threads) {
  Images x{nullptr, in, 1, height, width}, y{nullptr, out, 1, height, width};
  Gradient gradient{images, x, y};
  long convolution = prepared(in, out) + threads * (in > out ? Window::floats(x) : Window::floats(y));
  long weights = threads * gradient.scratch() + gradient.parts() * gradient.values();
  return convolution > weights ? convolution : weights;
}

// Sets y, or dx from dy, then with the filters flipped.
EXPORTED void Java_org_vgg4j_backend_onednn_NarrowConv2d_convolve(
    void*, void*, int64_t x, int64_t w, int64_t biases, int64_t y, int64_t scratch, int32_t images, int32_t in,
    int32_t inBlock, int32_t out, int32_t outBlock, int32_t height, int32_t width, int32_t threads, uint8_t flipped,
    uint8_t relu) {
  Images from{reinterpret_cast<float*>(x), in, inBlock, height, width};
  Images to{reinterpret_cast<float*>(y), out, outBlock, height, width};
  float* filters = reinterpret_cast<float*>(scratch);
  prepare(reinterpret_cast<const float*>(w), in, out, flipped, filters);
  float* rest = filters + prepared(in, out);
  convolve(images, from, to, filters, reinterpret_cast<const float*>(biases), relu, rest, threads);
}

// Sets dw and, if it is asked for, db.
EXPORTED void Java_org_vgg4j_backend_onednn_NarrowConv2d_weights(
    void*, void*, int64_t x, int64_t dy, int64_t dw, int64_t db, int64_t scratch, int32_t images, int32_t in,
    int32_t inBlock, int32_t out, int32_t outBlock, int32_t height, int32_t width, int32_t threads) {
  Gradient gradient{images, Images{reinterpret_cast<float*>(x), in, inBlock, height, width},
                    Images{reinterpret_cast<float*>(dy), out, outBlock, height, width}};
  gradient.run(reinterpret_cast<float*>(dw), reinterpret_cast<float*>(db), reinterpret_cast<float*>(scratch), threads);
}
