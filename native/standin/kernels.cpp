// The host build of all kernels, and a table to look them up by name.
#include "kernel_host.h"

#include "../kernels/adam.cu"
#include "../kernels/bias.cu"
#include "../kernels/cross_entropy.cu"
#include "../kernels/dropout.cu"
#include "../kernels/fill.cu"
#include "../kernels/finite.cu"
#include "../kernels/images.cu"
#include "../kernels/pool.cu"
#include "../kernels/relu.cu"
#include "../kernels/accumulate.cu"
#include "../kernels/sgd.cu"

#include <cstring>

namespace standin {

#define PLAIN(name) makeKernel(#name, name, false)
#define WITH_BARRIERS(name) makeKernel(#name, name, true)

const Kernel* findKernel(const char* name) {
  static const Kernel all[] = {
      PLAIN(vgg4j_adam_prepare),
      PLAIN(vgg4j_adam),
      PLAIN(vgg4j_accumulate),
      PLAIN(vgg4j_sgd),
      PLAIN(vgg4j_sgd_momentum),
      WITH_BARRIERS(vgg4j_cross_entropy),
      WITH_BARRIERS(vgg4j_loss_totals),
      PLAIN(vgg4j_dropout),
      PLAIN(vgg4j_images),
      PLAIN(vgg4j_adaptive_avg_pool),
      PLAIN(vgg4j_adaptive_avg_pool_backward),
      PLAIN(vgg4j_relu),
      PLAIN(vgg4j_relu_backward),
      PLAIN(vgg4j_bias),
      PLAIN(vgg4j_column_sum),
      PLAIN(vgg4j_fill),
      PLAIN(vgg4j_non_finite),
  };
  for (const Kernel& kernel : all) {
    if (!strcmp(kernel.name, name)) return &kernel;
  }
  return nullptr;
}

}  // namespace standin
