// Tensors of more than 2^32 elements: the kernels' last image must come out as it does alone. Memory that is
// never touched costs nothing, and only the blocks of the last image run.
#include <sys/mman.h>
#include <ucontext.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "../kernel_host.h"
#include "../../kernels/common.cuh"

namespace standin {

Coordinates coordinates;

namespace {

const unsigned THREADS = 256;

// A block's threads in turn, each until its next barrier.
ucontext_t scheduler, fibers[THREADS];
char stacks[THREADS][64 * 1024];
bool finished[THREADS];
unsigned running;
const Kernel* kernelOfFibers;
void** argumentsOfFibers;

void fiberMain() {
  kernelOfFibers->call(argumentsOfFibers);
  finished[running] = true;
}

void pause() {
  const unsigned self = running;
  swapcontext(&fibers[self], &scheduler);
  coordinates.thread = {self, 0, 0};
}

void runBlock(const Kernel& kernel, void** arguments, unsigned threads) {
  kernelOfFibers = &kernel;
  argumentsOfFibers = arguments;
  for (unsigned i = 0; i < threads; i++) {
    finished[i] = false;
    getcontext(&fibers[i]);
    fibers[i].uc_stack.ss_sp = stacks[i];
    fibers[i].uc_stack.ss_size = sizeof stacks[i];
    fibers[i].uc_link = &scheduler;
    makecontext(&fibers[i], fiberMain, 0);
  }
  for (bool isActive = true; isActive;) {
    isActive = false;
    for (running = 0; running < threads; running++) {
      if (finished[running]) continue;
      isActive = true;
      coordinates.thread = {running, 0, 0};
      swapcontext(&scheduler, &fibers[running]);
    }
  }
}

}  // namespace

// All threads run in turn, so that every barrier is the block's.
void waitForBlock() { pause(); }
void waitForWarp() { pause(); }

alignas(16) char slots[THREADS][16];
void* exchangeSlot(unsigned thread) { return slots[thread]; }

}  // namespace standin

using namespace standin;

namespace {

int failures;

void check(bool isRight, const std::string& what) {
  if (isRight) return;
  failures++;
  printf("FAILED %s\n", what.c_str());
}

// Blocks first to last of a grid.
template <class... A>
void run(const std::string& name, long long first, long long last, long long grid, unsigned threads,
         A... arguments) {
  const Kernel* kernel = findKernel(name.c_str());
  void* pointers[] = {&arguments...};
  if (!kernel || kernel->parameters.size() != sizeof...(A) || last >= grid || grid > 0x7fffffff) {
    check(false, "the launch of " + name);
    return;
  }
  coordinates.blockSize = {threads, 1, 1};
  coordinates.gridSize = {(unsigned) grid, 1, 1};
  for (long long block = first; block <= last; block++) {
    coordinates.block = {(unsigned) block, 0, 0};
    runBlock(*kernel, pointers, threads);
  }
}

// The blocks with the last of `images` equal shares, at one of `perImage` indices a thread.
template <class... A>
void runLast(const std::string& name, long long images, long long perImage, A... arguments) {
  const long long grid = (images * perImage + THREADS - 1) / THREADS;
  run(name, (images - 1) * perImage / THREADS, grid - 1, grid, THREADS, arguments...);
}

// Memory for count elements, all zero.
template <class E>
struct Sparse {
  E* p;
  size_t bytes;

  explicit Sparse(long long count) : bytes((size_t) count * sizeof(E)) {
    void* memory =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
      printf("skipped: the machine gives no address space of %zu bytes\n", bytes);
      exit(0);
    }
    p = (E*) memory;
  }
  Sparse(const Sparse&) = delete;
  ~Sparse() { munmap(p, bytes); }
};

// A tensor of many images, the last of which is that of `one`.
template <class E>
struct Pair {
  long long images, size;  // size: elements of an image
  Sparse<E> all, one;

  Pair(long long imageCount, long long imageSize)
      : images(imageCount), size(imageSize), all(imageCount * imageSize + 8), one(imageSize + 8) {}

  E* last() const { return all.p + (images - 1) * size; }

  template <class Value>
  Pair& fill(Value value) {
    for (long long i = 0; i < size; i++) last()[i] = one.p[i] = value(i);
    return *this;
  }

  void compare(const std::string& what) const {
    check(!memcmp(last(), one.p, size * sizeof(E)), what);
    bool isZero = true;
    for (long long i = 0; i < size; i++) isZero = isZero && one.p[i] == 0;
    check(!isZero, what + " has values");
  }
};

template <class T>
T element(float x) {
  if constexpr (sizeof(T) == 4) return x;
  uint32_t bits;
  memcpy(&bits, &x, 4);
  return (T) (bits >> 16);
}

float small(long long i, int seed) { return (float) ((i * 37 + seed * 11) % 61 - 30) / 16; }

// An image's size; the pooled one's, without the windows at the edges and with them.
const int HEIGHT = 9, WIDTH = 7, PIXELS = HEIGHT * WIDTH;
const int P = HEIGHT / 2, Q = WIDTH / 2, ALL_P = (HEIGHT + 1) / 2, ALL_Q = (WIDTH + 1) / 2;

// As the kernels read it.
struct ImageRow {
  long long offset;
  int label, channels, height, width, resizedHeight, resizedWidth, top, left, isFlipped;
  float shift[4];
  int unused;
};

// Of an image of two channels, resized to a square.
ImageRow imageRow(long long offset, int side) {
  return {offset, 0, 2, HEIGHT, WIDTH, side, side, 0, 0, 0, {}, 0};
}

template <class T>
struct Kernels {
  const int channels;
  const std::string type = sizeof(T) == 4 ? "_f32" : "_bf16";
  const int perAccess = channels % (16 / (int) sizeof(T)) == 0 ? 16 / (int) sizeof(T) : 1;
  const int lanes = channels / perAccess;
  const int size = PIXELS * channels;
  const long long images = (1ll << 32) / (P * Q * channels) + 2;  // the pooled tensors are as large
  alignas(16) float coefficients[5][16];

  explicit Kernels(int channelCount) : channels(channelCount) {
    for (int k = 0; k < 5; k++) {
      for (int c = 0; c < 16; c++) coefficients[k][c] = small(c, k) + 0.3f;
    }
  }

  std::string name(const char* kernel) const { return std::string("vgg4j_") + kernel + type; }

  Pair<T>& values(Pair<T>& pair, int seed) const {
    pair.fill([=](long long i) { return element<T>(small(i, seed)); });
    // The statistics are shifted by the first row.
    for (int c = 0; c < channels; c++) pair.all.p[c] = pair.one.p[c];
    return pair;
  }

  // call(pick, n, launch) twice: for all images, of which only the last one's blocks run, and for one alone.
  // pick chooses a pair's pointer, n is the number of images. A thread has one of an image's perImage indices.
  template <class Call>
  void both(long long perImage, Call call) const {
    const auto all = [](auto& pair) { return pair.all.p; };
    const auto one = [](auto& pair) { return pair.one.p; };
    call(all, images, [=](const std::string& kernel, auto... arguments) {
      runLast(kernel, images, perImage, arguments...);
    });
    call(one, 1ll, [=](const std::string& kernel, auto... arguments) {
      runLast(kernel, 1, perImage, arguments...);
    });
  }

  // The same for a reduction whose parts are the images.
  template <class Call>
  void bothParts(Call call) const {
    int width = 1;
    while (2 * width <= lanes) width *= 2;
    const long long groups = (lanes + width - 1) / width;
    both(groups * THREADS, call);
  }

  void elementwise() const {
    Pair<T> x(images, size), g(images, size), y(images, size), dx(images, size);
    values(x, 1);
    values(g, 2);
    const auto check = [&](const char* what, Pair<T>& result) { result.compare(name(what)); };
    both(size / perAccess, [&](auto at, long long n, auto launch) {
      launch(name("norm_apply"), at(x), at(y), coefficient(0), coefficient(1), n * size, channels, 1);
      launch(name("norm_backward"), at(g), at(x), at(dx), coefficient(0), coefficient(1),
             coefficient(2), coefficient(3), coefficient(4), 1, n * size, channels);
    });
    check("norm_apply", y);
    check("norm_backward", dx);
    both(size / perAccess, [&](auto at, long long n, auto launch) {
      launch(name("bias"), at(y), coefficient(2), n * size, channels, 1);
    });
    check("bias", y);
    both(size, [&](auto at, long long n, auto launch) {
      launch(name("lrn"), at(x), at(y), n * PIXELS, channels, 3, 0.3f, 0.75f, 2.0f);
      launch(name("lrn_backward"), at(x), at(y), at(g), at(dx), n * PIXELS, channels, 3, 0.3f, 0.75f,
             2.0f);
    });
    check("lrn", y);
    check("lrn_backward", dx);
    if (perAccess == 1) return;  // what follows has no channels
    both(size / perAccess, [&](auto at, long long n, auto launch) {
      launch(name("relu"), at(x), at(y), n * size);
      launch(name("relu_backward"), at(y), at(g), at(dx), n * size);
    });
    check("relu", y);
    check("relu_backward", dx);
    const Sparse<int> found(1);
    x.last()[size - 1] = element<T>(INFINITY);
    runLast(name("non_finite"), images, size / perAccess, x.all.p, images * size, found.p);
    ::check(*found.p == 1, name("non_finite"));
  }

  // The mask goes by the row-major index.
  void dropout() const {
    Pair<T> x(images, size), y(images, size);
    values(x, 3);
    const Sparse<StepState> state(1);
    state.p->seed = 77;
    for (const int inner : {1, PIXELS}) {
      if (inner == 1 && perAccess == 1) continue;
      runLast(name("dropout"), images, size / perAccess, x.all.p, y.all.p, state.p, 5ull,
              images * size, 1 << 23, 2.0f, channels, inner);
      for (int i = 0; i < size; i++) {
        const long long c = i % channels, p = i / channels;
        const long long index = (images - 1) * size + (inner == 1 ? i : c * PIXELS + p);
        const T expected = keeps(77, 5, index) ? element<T>(2 * small(i, 3)) : element<T>(0);
        ::check(y.last()[i] == expected, name("dropout"));
      }
    }
  }

  void windows() const {
    const int pooledSize = P * Q * channels;
    Pair<T> x(images, size), y(images, pooledSize), g(images, pooledSize), dx(images, size),
        dz(images, size);
    Pair<unsigned char> winner(images, pooledSize);
    values(x, 4);
    values(g, 5);
    both(P * Q * lanes, [&](auto at, long long n, auto launch) {
      launch(name("norm_apply_pool"), at(x), at(y), at(winner), coefficient(0), coefficient(1),
             (int) n, HEIGHT, WIDTH, channels, 1);
    });
    y.compare(name("norm_apply_pool"));
    winner.compare(name("norm_apply_pool's winners"));
    both(ALL_P * ALL_Q * lanes, [&](auto at, long long n, auto launch) {
      launch(name("unpool"), at(g), at(winner), at(dz), (int) n, HEIGHT, WIDTH, channels);
      launch(name("norm_backward_pool"), at(g), at(winner), at(x), at(dx), coefficient(0),
             coefficient(1), coefficient(2), coefficient(3), (int) n, HEIGHT, WIDTH, channels);
    });
    dz.compare(name("unpool"));
    dx.compare(name("norm_backward_pool"));
    Pair<float> sums(images, 2 * channels), sum(images, channels);
    bothParts([&](auto at, long long n, auto launch) {
      launch(name("norm_backward_pool_sums"), at(g), at(winner), at(x), coefficient(0),
             coefficient(1), at(sums), (int) n, HEIGHT, WIDTH, channels, (int) n);
      launch(name("bias_backward_pool"), at(g), at(winner), at(dx), at(sum), (int) n, HEIGHT, WIDTH,
             channels, (int) n);
    });
    sums.compare(name("norm_backward_pool_sums"));
    sum.compare(name("bias_backward_pool"));
    dx.compare(name("bias_backward_pool's dz"));
  }

  void pooling() const {
    const int p = (HEIGHT - 3) / 2 + 1, q = (WIDTH - 3) / 2 + 1, pooledSize = p * q * channels;
    Pair<T> x(images, size), y(images, pooledSize), g(images, pooledSize), dx(images, size);
    values(x, 6);
    values(g, 7);
    both(p * q * lanes, [&](auto at, long long n, auto launch) {
      launch(name("max_pool"), at(x), at(y), (int) n, HEIGHT, WIDTH, channels, 3, 2, p, q);
    });
    y.compare(name("max_pool"));
    both(PIXELS * lanes, [&](auto at, long long n, auto launch) {
      launch(name("max_pool_backward"), at(x), at(g), at(dx), (int) n, HEIGHT, WIDTH, channels, 3, 2,
             p, q);
    });
    dx.compare(name("max_pool_backward"));
    both(p * q * lanes, [&](auto at, long long n, auto launch) {
      launch(name("adaptive_avg_pool"), at(x), at(y), n * pooledSize, HEIGHT, WIDTH, p, q, channels);
    });
    y.compare(name("adaptive_avg_pool"));
    both(PIXELS * lanes, [&](auto at, long long n, auto launch) {
      launch(name("adaptive_avg_pool_backward"), at(g), at(dx), n * size, HEIGHT, WIDTH, p, q,
             channels);
    });
    dx.compare(name("adaptive_avg_pool_backward"));
  }

  void reductions() const {
    Pair<T> x(images, size), g(images, size), dz(images, size), y(images, size);
    Pair<float> statistics(images, 2 * channels), sums(images, 2 * channels), sum(images, channels),
        again(images, 2 * channels);
    values(x, 8);
    values(g, 9);
    bothParts([&](auto at, long long n, auto launch) {
      launch(name("norm_statistics"), at(x), at(statistics), n * PIXELS, channels, (int) n);
      launch(name("norm_backward_sums"), at(g), at(x), coefficient(0), coefficient(1),
             coefficient(2), coefficient(3), 1, at(sums), n * PIXELS, channels, (int) n);
      launch(name("norm_apply_sums"), at(g), at(x), at(y), coefficient(0), coefficient(1),
             coefficient(2), coefficient(3), at(again), n * PIXELS, channels, (int) n);
      launch(name("bias_backward"), at(g), at(x), at(dz), at(sum), n * PIXELS, channels, (int) n);
    });
    statistics.compare(name("norm_statistics"));
    sums.compare(name("norm_backward_sums"));
    again.compare(name("norm_apply_sums"));
    y.compare(name("norm_apply_sums's y"));
    sum.compare(name("bias_backward"));
    dz.compare(name("bias_backward's dz"));
  }

  void bytes() const {
    const int side = 8, stored = channels, sides = side * side;
    Pair<unsigned char> bytes(images, 2 * PIXELS);
    Pair<T> y(images, sides * stored);
    bytes.fill([](long long i) { return (unsigned char) (i * 37); });
    const Sparse<ImageRow> rows(images), row(1);
    both(sides, [&](auto at, long long n, auto launch) {
      int* const none = nullptr;
      const Sparse<ImageRow>& table = n > 1 ? rows : row;
      for (long long k = n > 8 ? n - 8 : 0; k < n; k++) table.p[k] = imageRow(k * 2 * PIXELS, side);
      launch(name("images"), at(bytes), table.p, (float*) nullptr, (StepState*) nullptr, at(y), none, (int) n,
             (int) n, 2, side, stored);
    });
    y.compare(name("images"));
  }

  // A batch of one from a data set of more than 2^32 bytes: its last image.
  void residentBytes() const {
    const int side = 8, stored = channels, count = (int) ((1ll << 32) / (2 * PIXELS)) + 2;
    Pair<unsigned char> bytes(count, 2 * PIXELS);
    bytes.fill([](long long i) { return (unsigned char) (i * 37); });
    const Sparse<ImageRow> table(count), row(1);
    const Sparse<int> labels(1), none(1);
    const Sparse<StepState> state(1), start(1);
    row.p[0] = imageRow(0, side);
    table.p[count - 1] = imageRow((count - 1) * 2ll * PIXELS, side);
    table.p[count - 1].label = 77;
    Pair<T> y(1, side * side * stored);
    state.p->first = count - 1;
    run(name("images"), 0, 0, 1, THREADS, bytes.all.p, table.p, (float*) nullptr, state.p, y.all.p, labels.p, 1,
        count, 2, side, stored);
    run(name("images"), 0, 0, 1, THREADS, bytes.one.p, row.p, (float*) nullptr, start.p, y.one.p, none.p, 1, 1, 2,
        side, stored);
    y.compare(name("images by index"));
    ::check(labels.p[0] == 77, name("images by index: the label"));
  }

  void loss() const {
    const int classes = 1000, rows = (1 << 22) + 512;
    Pair<T> logits(rows / 4, 4 * classes), slope(rows / 4, 4 * classes);
    Pair<int> labels(rows / 4, 4), state(rows / 4, 4);
    Pair<double> losses(rows / 4, 4);
    values(logits, 10);
    labels.fill([](long long i) { return (int) i * 7; });
    const Sparse<StepState> step(1);
    step.p->rows = rows;
    step.p->lossScale = 1;
    for (const bool isAll : {true, false}) {
      const auto at = [=](auto& pair) { return isAll ? pair.all.p : pair.one.p; };
      const int grid = isAll ? rows / 4 : 1;
      run(name("cross_entropy"), grid - 1, grid - 1, grid, 128, at(logits), at(labels), at(slope),
          at(losses), at(state), step.p, 4 * grid, classes, 1.0, 0.0);
    }
    slope.compare(name("cross_entropy"));
    losses.compare(name("cross_entropy's losses"));
  }

  void all() const {
    elementwise();
    dropout();
    windows();
    pooling();
    reductions();
    bytes();
    residentBytes();
    if (perAccess > 1) loss();
  }

 private:
  float* coefficient(int k) const { return const_cast<float*>(coefficients[k]); }

  static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }

  static bool keeps(uint64_t seed, uint64_t stream, uint64_t index) {
    const uint64_t gamma = 0x9E3779B97F4A7C15ull;
    const uint64_t key = mix(mix(mix(seed + gamma) ^ (stream + gamma)) ^ 1);
    return (int64_t) (mix(key + (index + 1) * gamma) >> 40) >= 1 << 23;
  }
};

// Slabs of parameters, conversions and layouts.
void slabs() {
  const int size = 512;
  const long long images = (1ll << 32) / size + 2;
  Pair<float> p(images, size), g(images, size), m(images, size), v(images, size), wide(images, size);
  Pair<uint16_t> copy(images, size);
  const Sparse<StepState> state(1);
  state.p->learningRate = 0.1;
  state.p->adamStepSize = 0.1f;
  state.p->adamRootCorrection = 1;
  const auto fill = [&] {
    p.fill([](long long i) { return small(i, 1); });
    g.fill([](long long i) { return small(i, 2); });
    m.fill([](long long i) { return small(i, 3); });
    v.fill([](long long i) { return small(i, 4) * small(i, 4); });
  };
  for (const std::string name : {"adam", "sgd", "sgd_momentum", "accumulate"}) {
    fill();
    for (const bool isAll : {true, false}) {
      const auto at = [=](auto& pair) { return isAll ? pair.all.p : pair.one.p; };
      const long long n = isAll ? images : 1, count = n * size;
      if (name == "adam") {
        runLast("vgg4j_adam", n, size / 4, at(p), at(g), at(m), at(v), at(copy), state.p, count, 0.9f,
                0.1f, 0.999f, 0.001f, 1e-8f, 0.1f, 1.0f);
      } else if (name == "sgd") {
        runLast("vgg4j_sgd", n, size / 4, at(p), at(g), at(copy), state.p, count, 0.1f, 1.0f);
      } else if (name == "sgd_momentum") {
        runLast("vgg4j_sgd_momentum", n, size / 4, at(p), at(g), at(v), at(copy), state.p, count, 0.9f,
                0.1f, 1.0f);
      } else {
        runLast("vgg4j_accumulate", n, size / 4, at(p), at(g), count);
        runLast("vgg4j_average", n, size / 4, at(p), at(g), count, 0.1f);
        runLast("vgg4j_exchange", n, size / 4, at(p), at(g), count);
        runLast("vgg4j_round_bf16", n, size / 8, at(p), at(copy), count);
        runLast("vgg4j_widen_bf16", n, size / 8, at(copy), at(wide), count);
      }
    }
    p.compare(name);
    m.compare(name + "'s first moment");
    v.compare(name + "'s second moment");
    copy.compare(name + "'s bf16 copy");
  }
  wide.compare("widening");
}

void layouts() {
  const int channels = 5, inner = PIXELS, stored = 8, size = channels * inner;
  const long long rows = (1ll << 32) / size + 2;
  Pair<float> whole(rows, inner * stored), slice(1, size);
  for (int i = 0; i < size; i++) slice.one.p[i] = small(i, 1) + 3;
  for (const bool isAll : {true, false}) {
    const long long first = isAll ? (rows - 1) * size : 0;
    runLast("vgg4j_rows_to_channels", 1, size, (unsigned char*) (isAll ? whole.all.p : whole.one.p),
            (unsigned char*) slice.one.p, first, (long long) size, channels, inner, stored, 4);
  }
  whole.compare("rows to channels");
  runLast("vgg4j_channels_to_rows", 1, size, (unsigned char*) slice.all.p, (unsigned char*) whole.all.p,
          (rows - 1) * size, (long long) size, channels, inner, stored, 4);
  check(!memcmp(slice.all.p, slice.one.p, size * sizeof(float)), "channels to rows");
}

// Both ways to divide, and indices without a division.
void divisions() {
  for (const long long a : {0ll, 1ll, 0x7fffffffll, 0xffffffffll, 0x100000000ll, 0x123456789abll,
                            0x7fffffffffffffffll}) {
    for (const int b : {1, 2, 3, 7, 1000, 0x7fffffff}) check(quotient(a, b) == a / b, "a quotient");
  }
  for (const long long first : {5ll, (1ll << 32) - 3, (1ll << 40) + 12345}) {
    for (const long long step : {1ll, 255ll, (1ll << 31) + 7, (1ll << 33) + 1}) {
      LongWalk walk(first, step, 3, 50, 7);
      for (long long i = first; i < first + 1000 * step; i += step) {
        check(walk.lane == i % 3 && walk.column == i / 3 % 50 && walk.row == i / 150 % 7
                  && walk.image == i / 1050, "a walk");
        walk.next();
      }
    }
  }
}

}  // namespace

int main() {
  divisions();
  layouts();
  slabs();
  for (const int channels : {8, 5}) {
    Kernels<float>(channels).all();
    Kernels<uint16_t>(channels).all();
  }
  printf("%d failures\n", failures);
  return failures ? 1 : 0;
}
