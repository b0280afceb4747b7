// Fully connected layers of few samples, which take as long as it takes to read or write their weights: (out, in), row-major.
// Samples are x (sample, in) and y (sample, out). `in` is a multiple of 16.

#include <cstdint>

#include "export.h"
#include "sums.h"
#include "threads.h"

namespace {

// Samples whose sums are in registers at a time, and rows of weights beside them.
constexpr int SAMPLES = 8, OUTPUTS = 3;

// Rows of weights that the gradients take at a time.
constexpr int ROWS = 8;

// Floats ahead of what is read: the processor's own prefetching ends with each page.
constexpr int AHEAD = 1024;

// The sum of a lane's values: of halves, again and again.
float total(Lane lane) {
  float values[LANE];
  store(lane, values);
  for (int half = LANE / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; i++) values[i] += values[i + half];
  }
  return values[0];
}

template <int N, int O>
void outputs(const float* x, const float* w, const float* b, float* y, int in, int out, bool relu) {
  Sums<N, O> sums;
  sums.setColumns(nullptr, 0);
  for (int i = 0; i < in; i += LANE) {
    Lane rows[O];
#pragma GCC unroll 3
    for (int o = 0; o < O; o++) {
      __builtin_prefetch(w + (long)o * in + i + AHEAD);
      rows[o] = load(w + (long)o * in + i);
    }
    sums.addEach(x + i, in, rows);
  }
  for (int n = 0; n < N; n++) {
    for (int o = 0; o < O; o++) {
      float value = total(sums.lanes[n][o]) + (b ? b[o] : 0);
      y[(long)n * out + o] = relu && value <= 0 ? 0 : value;
    }
  }
}

}  // namespace

// The methods of NativeLinear; they get what JNI gives to static ones.

// Sets y: each thread outputs of its own.
EXPORTED void Java_org_vgg4j_backend_onednn_NativeLinear_forward(void*, void*, int64_t x, int64_t w, int64_t b, int64_t y,
                                                               int32_t samples, int32_t in, int32_t out, uint8_t relu) {
  const float* from = reinterpret_cast<const float*>(x);
  const float* rows = reinterpret_cast<const float*>(w);
  const float* biases = reinterpret_cast<const float*>(b);
  float* to = reinterpret_cast<float*>(y);
#pragma omp parallel
  {
    Range own = part(out);
    for (long o = own.begin; o < own.end; o += OUTPUTS) {
      int outputsHere = own.end - o < OUTPUTS ? own.end - o : OUTPUTS;
      for (int n = 0; n < samples; n += SAMPLES) {
        int samplesHere = samples - n < SAMPLES ? samples - n : SAMPLES;
        constant<SAMPLES>(samplesHere, [&](auto count) {
          constant<OUTPUTS>(outputsHere, [&](auto lanes) {
            outputs<decltype(count)::value, decltype(lanes)::value>(from + (long)n * in, rows + o * in, biases ? biases + o : biases,
                                                                    to + (long)n * out + o, in, out, relu);
          });
        });
      }
    }
  }
}

// Sets dx: each thread sums up columns of its own.
EXPORTED void Java_org_vgg4j_backend_onednn_NativeLinear_data(void*, void*, int64_t w, int64_t dy, int64_t dx, int32_t samples,
                                                            int32_t in, int32_t out) {
  const float* by = reinterpret_cast<const float*>(dy);
#pragma omp parallel
  {
    Range own = part(in / LANE);
    for (int first = 0; first < out; first += ROWS) {
      constant<ROWS>(out - first < ROWS ? out - first : ROWS, [&](auto count) {
        constexpr int R = decltype(count)::value;
        const float* rows = reinterpret_cast<const float*>(w) + (long)first * in;
        for (long i = own.begin * LANE; i < own.end * LANE; i += LANE) {
          Lane lanes[R];
#pragma GCC unroll 8
          for (int r = 0; r < R; r++) {
            __builtin_prefetch(rows + (long)r * in + i + AHEAD);
            lanes[r] = load(rows + (long)r * in + i);
          }
          float* to = reinterpret_cast<float*>(dx) + i;
          const float* factors = by + first;
          for (int n = 0; n < samples; n++, to += in, factors += out) {
            Lane sum = first == 0 ? Lane{} : load(to);
#pragma GCC unroll 8
            for (int r = 0; r < R; r++) sum = multiplyAdd(all(factors[r]), lanes[r], sum);
            store(sum, to);
          }
        }
      });
    }
  }
}

// Sets dw and db: each thread rows of its own, which go past the caches.
EXPORTED void Java_org_vgg4j_backend_onednn_NativeLinear_weights(void*, void*, int64_t x, int64_t dy, int64_t dw, int64_t db,
                                                               int32_t samples, int32_t in, int32_t out) {
  const float* by = reinterpret_cast<const float*>(dy);
#pragma omp parallel
  {
    Range own = part(out);
    for (long first = own.begin; first < own.end; first += ROWS) {
      constant<ROWS>(own.end - first < ROWS ? own.end - first : ROWS, [&](auto count) {
        constexpr int R = decltype(count)::value;
        float* to = reinterpret_cast<float*>(dw) + first * in;
        for (long i = 0; i < in; i += LANE) {
          Lane sums[R] = {};
          const float* from = reinterpret_cast<const float*>(x) + i;
          const float* factors = by + first;
          for (int n = 0; n < samples; n++, from += in, factors += out) {
            Lane values = load(from);
#pragma GCC unroll 8
            for (int r = 0; r < R; r++) sums[r] = multiplyAdd(all(factors[r]), values, sums[r]);
          }
#pragma GCC unroll 8
          for (int r = 0; r < R; r++) storePast(sums[r], to + (long)r * in + i);
        }
      });
    }
    _mm_sfence();
    float* biases = reinterpret_cast<float*>(db);
    if (biases) {
      for (long o = own.begin; o < own.end; o++) {
        float sum = 0;
        for (int n = 0; n < samples; n++) sum += by[(long)n * out + o];
        biases[o] = sum;
      }
    }
  }
}
