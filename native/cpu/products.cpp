// Products of minimal filtering (products.h) in OpenMP's threads, each of which takes some of the panels, by position alone.
// org.vgg4j.backend.onednn.OneDnnProducts has oneDNN do the same.

#include "products.h"

#include "export.h"
#include "threads.h"

namespace {

template <class Products>
void run(const Products& products) {
  everywhere(products.panels().count(), [&](long begin, long end) { products.run(begin, end); });
}

}  // namespace

// The methods of NativeProducts; they get what JNI gives to static ones.

EXPORTED void Java_org_vgg4j_backend_onednn_NativeProducts_multiply(
    void*, void*, int64_t values, int64_t filters, int64_t biases, int64_t sums, int32_t groups, int32_t tiles, int32_t in,
    int32_t out, int32_t inStep, int32_t outStep, int32_t biased) {
  run(Products{reinterpret_cast<const float*>(values), reinterpret_cast<const float*>(filters),
               reinterpret_cast<const float*>(biases), reinterpret_cast<float*>(sums), groups, tiles, in, out, inStep, outStep,
               biased});
}

EXPORTED void Java_org_vgg4j_backend_onednn_NativeProducts_weights(
    void*, void*, int64_t values, int64_t gradients, int64_t filters, int32_t groups, int32_t tiles, int32_t in, int32_t out,
    uint8_t add) {
  run(FilterProducts{reinterpret_cast<const float*>(values), reinterpret_cast<const float*>(gradients),
                     reinterpret_cast<float*>(filters), groups, tiles, in, out, add != 0});
}

EXPORTED void Java_org_vgg4j_backend_onednn_NativeProducts_sums(void*, void*, int64_t values, int64_t sums, int32_t tiles,
                                                              int32_t blocks) {
  sumTiles(reinterpret_cast<const float*>(values), reinterpret_cast<float*>(sums), tiles, blocks, false);
}
