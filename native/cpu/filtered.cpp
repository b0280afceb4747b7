// Convolutions by minimal filtering whose threads share nothing but the filters: each transforms tiles of its own, multiplies them
// and takes them back, so that they stay in the cache of its core. Cores that are far apart, on chips of their own or in a virtual
// machine, hand values to each other slowly.

#include "export.h"
#include "products.h"
#include "threads.h"
#include "tiles.h"

namespace {

// Images (image, block of channels, row, pixel, 16 channels) of which some chunks are worked on one by one: some images, or some
// of the rows of tiles of one.
struct Chunks {
  int images, height, width, tile, chunks;

  int tiles() const { return (height + tile - 1) / tile; }

  int columns() const { return (width + tile - 1) / tile; }

  // A chunk of images of planes, whose first tiles begin at the row and the column `first`; of images of half the rows and
  // columns if they are pooled.
  template <class Value>
  Work work(long index, const void* values, float* transformed, int planes, int first, bool pooled = false) const {
    long image, count = 1, begin = 0, rows = tiles();
    if (chunks > images) {
      long parts = chunks / images, part = index % parts;
      image = index / parts;
      begin = tiles() * part / parts;
      rows = tiles() * (part + 1) / parts - begin;
    } else {
      image = (long)images * index / chunks;
      count = (long)images * (index + 1) / chunks - image;
    }
    int by = pooled ? 2 : 1, down = height / by, across = width / by;
    const Value* from = static_cast<const Value*>(values) + image * planes * down * across * LANE;
    return {const_cast<Value*>(from), transformed, (int)count, planes, down, across, LANE, first, (int)begin, (int)rows, columns()};
  }

  // Calls what is given with each chunk of a thread.
  template <class Task>
  void each(Task task) const {
    Range own = part(chunks);
    for (long i = own.begin; i < own.end; i++) task(i);
  }
};

long tilesOf(const Work& work) { return (long)work.count * work.rows * work.columns; }

// What is where: 16 values of each channel of so many tiles, and more for the threads after the first.
struct Scratch {
  float* floats;
  long ofThread;

  float* own() const { return floats + omp_get_thread_num() * ofThread; }
};

template <int TILE, class Value>
void convolve(const Chunks& images, const void* x, const void* y, const Products& all, const Scratch& scratch, Finish finish) {
#pragma omp parallel
  images.each([&](long index) {
    float* transformed = scratch.own();
    Work from = images.work<Value>(index, x, transformed, all.in, -1);
    long tiles = tilesOf(from);
    Products products = all;
    products.tiles = tiles;
    products.values = transformed;
    products.sums = transformed + (long)all.groups * all.in * tiles * LANE;
    Work to = images.work<Value>(index, y, products.sums, all.out, 0, finish.pool);
    spread<Input<TILE>, Value>(from, 0, from.all());
    products.run(0, products.panels().count());
    gather<Output<TILE>, Value>(to, 0, to.all(), finish);
  });
}

template <int TILE, class Value>
void weights(const Chunks& images, const void* x, const void* dy, float* db, const FilterProducts& all, const Scratch& scratch) {
  long filters = (long)all.groups * all.in * all.out * BLOCK, channels = (long)all.out * LANE;
#pragma omp parallel
  {
    int thread = omp_get_thread_num(), threads = omp_get_num_threads();
    float* transformed = scratch.own();
    float* sums = scratch.floats + scratch.ofThread * threads + thread * channels;
    float* others = scratch.floats + (scratch.ofThread + channels) * threads;  // of the filters, of the threads after the first
    float* own = thread == 0 ? all.filters : others + (thread - 1) * filters;
    bool add = false;
    images.each([&](long index) {
      Work from = images.work<Value>(index, x, transformed, all.in, -1);
      long tiles = tilesOf(from);
      FilterProducts products = all;
      products.tiles = tiles;
      products.values = transformed;
      float* gradients = transformed + (long)all.groups * all.in * tiles * LANE;
      products.gradients = gradients;
      products.filters = own;
      products.add = add;
      Work to = images.work<Value>(index, dy, gradients, all.out, 0);
      spread<Input<TILE>, Value>(from, 0, from.all());
      spread<OutputGradient<TILE>, Value>(to, 0, to.all());
      products.run(0, products.panels().count());
      if (db) sumTiles(gradients + (TILE + 3) * (long)all.out * tiles * LANE, sums, tiles, all.out, add);
      add = true;
    });
    if (!add) {
      memset(own, 0, filters * sizeof(float));
      memset(sums, 0, channels * sizeof(float));
    }
#pragma omp barrier
    Range lanes = part(filters / LANE);
    for (long i = lanes.begin; i < lanes.end; i++) {
      Lane sum = load(all.filters + i * LANE);
      for (int other = 1; other < threads; other++) sum += load(others + (other - 1) * filters + i * LANE);
      store(sum, all.filters + i * LANE);
    }
    if (db && thread == 0) {
      for (long k = 0; k < channels; k += LANE) {
        Lane sum = load(sums + k);
        for (int other = 1; other < threads; other++) sum += load(sums + other * channels + k);
        store(sum, db + k);
      }
    }
  }
}

template <class Task>
void choose(int tile, bool bf16, Task task) {
  constexpr std::integral_constant<int, 4> SMALL;
  constexpr std::integral_constant<int, 6> LARGE;
  if (tile == 4) return bf16 ? task(SMALL, Bf16{}) : task(SMALL, 0.f);
  return bf16 ? task(LARGE, Bf16{}) : task(LARGE, 0.f);
}

}  // namespace

// The methods of NativeFiltering; they get what JNI gives to static ones. Channels count in blocks.

EXPORTED void Java_org_vgg4j_backend_onednn_NativeFiltering_convolve(
    void*, void*, int32_t tile, uint8_t bf16, int64_t x, int64_t filters, int64_t biases, int64_t y, int64_t scratch,
    int64_t ofThread, int32_t count, int32_t in, int32_t out, int32_t height, int32_t width, int32_t inStep, int32_t outStep,
    int32_t chunks, uint8_t relu, uint8_t pool) {
  Chunks images{count, height, width, tile, chunks};
  int side = tile + 2;
  Products products{nullptr, reinterpret_cast<const float*>(filters), reinterpret_cast<const float*>(biases), nullptr, side * side,
                    0, in, out, inStep, outStep, side + 1};
  choose(tile, bf16, [&](auto size, auto value) {
    convolve<decltype(size)::value, decltype(value)>(images, reinterpret_cast<const void*>(x), reinterpret_cast<const void*>(y),
                                                    products, {reinterpret_cast<float*>(scratch), ofThread},
                                                    {false, relu != 0, pool != 0});
  });
}

EXPORTED void Java_org_vgg4j_backend_onednn_NativeFiltering_weights(
    void*, void*, int32_t tile, uint8_t bf16, int64_t x, int64_t dy, int64_t dw, int64_t db, int64_t scratch, int64_t ofThread,
    int32_t count, int32_t in, int32_t out, int32_t height, int32_t width, int32_t chunks) {
  Chunks images{count, height, width, tile, chunks};
  int side = tile + 2;
  FilterProducts products{nullptr, nullptr, reinterpret_cast<float*>(dw), side * side, 0, in, out, false};
  choose(tile, bf16, [&](auto size, auto value) {
    weights<decltype(size)::value, decltype(value)>(images, reinterpret_cast<const void*>(x), reinterpret_cast<const void*>(dy),
                                                   reinterpret_cast<float*>(db), products,
                                                   {reinterpret_cast<float*>(scratch), ofThread});
  });
}
