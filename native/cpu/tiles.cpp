// Transforms of minimal filtering (tiles.h) in OpenMP's threads. Of tiles of 4x4 they are what
// org.vgg4j.backend.onednn.SquareTiles does in Java, with the same bits.

#include "tiles.h"

#include "export.h"
#include "threads.h"

namespace {

template <class T, class Value>
void spread(const Work& work) {
  everywhere(work.all(), [&](long begin, long end) { spread<T, Value>(work, begin, end); });
}

template <class T, class Value>
void gather(const Work& work, Finish finish) {
  everywhere(work.all(), [&](long begin, long end) { gather<T, Value>(work, begin, end, finish); });
}

// The transforms by their numbers in NativeTiles.
enum By { INPUT, OUTPUT, OUTPUT_GRADIENT, FILTER, FLIPPED_FILTER, FILTER_BACK, FILTER_GRADIENT };

template <int TILE>
void transform(int by, bool bf16, const Work& work) {
  switch (by) {
    case INPUT: return bf16 ? spread<Input<TILE>, Bf16>(work) : spread<Input<TILE>, float>(work);
    case OUTPUT_GRADIENT: return bf16 ? spread<OutputGradient<TILE>, Bf16>(work) : spread<OutputGradient<TILE>, float>(work);
    case FILTER: return spread<Filter<TILE>, float>(work);
    case FLIPPED_FILTER: return spread<FlippedFilter<TILE>, float>(work);
  }
}

template <int TILE>
void back(int by, bool bf16, const Work& work, Finish finish) {
  switch (by) {
    case OUTPUT: return bf16 ? gather<Output<TILE>, Bf16>(work, finish) : gather<Output<TILE>, float>(work, finish);
    case FILTER_BACK: return gather<FilterBack<TILE>, float>(work, finish);
    case FILTER_GRADIENT: return gather<FilterGradient<TILE>, float>(work, finish);
  }
}

}  // namespace

// The methods of NativeTiles; they get what JNI gives to static ones. Tiles are of 4x4 or of 6x6 values of an image.

EXPORTED void Java_org_vgg4j_backend_onednn_NativeTiles_transform(
    void*, void*, int32_t tile, int32_t by, uint8_t bf16, int64_t images, int64_t tiles, int32_t count, int32_t planes,
    int32_t height, int32_t width, int32_t pixel, int32_t first, int32_t begin, int32_t rows, int32_t columns) {
  Work work{reinterpret_cast<void*>(images), reinterpret_cast<float*>(tiles), count, planes, height, width, pixel, first, begin,
            rows, columns};
  tile == 4 ? transform<4>(by, bf16, work) : transform<6>(by, bf16, work);
}

EXPORTED void Java_org_vgg4j_backend_onednn_NativeTiles_back(
    void*, void*, int32_t tile, int32_t by, uint8_t bf16, int64_t images, int64_t tiles, int32_t count, int32_t planes,
    int32_t height, int32_t width, int32_t pixel, int32_t begin, int32_t rows, int32_t columns, uint8_t add, uint8_t relu,
    uint8_t pool) {
  Work work{reinterpret_cast<void*>(images), reinterpret_cast<float*>(tiles), count, planes, height, width, pixel, 0, begin,
            rows, columns};
  Finish finish{add != 0, relu != 0, pool != 0};
  tile == 4 ? back<4>(by, bf16, work, finish) : back<6>(by, bf16, work, finish);
}
