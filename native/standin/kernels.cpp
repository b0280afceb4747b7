// The host build of all kernels, and a table to look them up by name.
#include "kernel_host.h"

#include "../kernels/elements.cu"
#include "../kernels/layout.cu"
#include "../kernels/convert.cu"
#include "../kernels/images.cu"
#include "../kernels/relu.cu"
#include "../kernels/dropout.cu"
#include "../kernels/bias.cu"
#include "../kernels/sums.cu"
#include "../kernels/norm.cu"
#include "../kernels/pool.cu"
#include "../kernels/bias_backward.cu"
#include "../kernels/norm_backward.cu"
#include "../kernels/norm_ranks.cu"
#include "../kernels/first_block.cu"
#include "../kernels/first_tiles.cu"
#include "../kernels/max_pool.cu"
#include "../kernels/average_pool.cu"
#include "../kernels/lrn.cu"
#include "../kernels/cross_entropy.cu"
#include "../kernels/finite.cu"
#include "../kernels/accumulate.cu"
#include "../kernels/clip.cu"
#include "../kernels/average.cu"
#include "../kernels/adam.cu"
#include "../kernels/sgd.cu"

#include <cstring>

namespace standin {

#define PLAIN(name) makeKernel(#name, name, false)
#define WITH_BARRIERS(name) makeKernel(#name, name, true)
#define BOTH(kind, name) kind(name##_f32), kind(name##_bf16)
#define FIRST(channels)                                          \
  BOTH(WITH_BARRIERS, vgg4j_first_moments_##channels),           \
      BOTH(WITH_BARRIERS, vgg4j_first_forward_##channels),       \
      BOTH(WITH_BARRIERS, vgg4j_first_forward_pool_##channels),  \
      BOTH(WITH_BARRIERS, vgg4j_first_backward_##channels),      \
      BOTH(WITH_BARRIERS, vgg4j_first_backward_pool_##channels)

const Kernel* findKernel(const char* name) {
  static const Kernel all[] = {
      PLAIN(vgg4j_rows_to_channels),
      PLAIN(vgg4j_channels_to_rows),
      PLAIN(vgg4j_round_bf16),
      PLAIN(vgg4j_widen_bf16),
      BOTH(PLAIN, vgg4j_images),
      BOTH(PLAIN, vgg4j_antialiased_images),
      PLAIN(vgg4j_image_taps),
      BOTH(PLAIN, vgg4j_relu),
      BOTH(PLAIN, vgg4j_relu_backward),
      BOTH(PLAIN, vgg4j_dropout),
      BOTH(PLAIN, vgg4j_bias),
      WITH_BARRIERS(vgg4j_sum_parts),
      BOTH(WITH_BARRIERS, vgg4j_norm_statistics),
      BOTH(WITH_BARRIERS, vgg4j_norm_finish),
      PLAIN(vgg4j_norm_frozen),
      BOTH(PLAIN, vgg4j_norm_apply),
      BOTH(PLAIN, vgg4j_norm_apply_pool),
      BOTH(PLAIN, vgg4j_unpool),
      BOTH(WITH_BARRIERS, vgg4j_bias_backward),
      BOTH(WITH_BARRIERS, vgg4j_bias_backward_pool),
      BOTH(WITH_BARRIERS, vgg4j_norm_backward_sums),
      BOTH(WITH_BARRIERS, vgg4j_norm_apply_sums),
      BOTH(WITH_BARRIERS, vgg4j_norm_backward_pool_sums),
      WITH_BARRIERS(vgg4j_norm_backward_totals),
      WITH_BARRIERS(vgg4j_norm_backward_finish),
      BOTH(PLAIN, vgg4j_norm_backward),
      BOTH(PLAIN, vgg4j_norm_backward_pool),
      BOTH(WITH_BARRIERS, vgg4j_norm_ranks_moments),
      PLAIN(vgg4j_norm_ranks_finish),
      WITH_BARRIERS(vgg4j_norm_ranks_gradients),
      PLAIN(vgg4j_norm_ranks_means),
      FIRST(1),
      FIRST(3),
      FIRST(4),
      WITH_BARRIERS(vgg4j_first_tiles_bf16),
      WITH_BARRIERS(vgg4j_first_tiles_pool_bf16),
      WITH_BARRIERS(vgg4j_first_tiles_backward_bf16),
      WITH_BARRIERS(vgg4j_first_tiles_backward_pool_bf16),
      WITH_BARRIERS(vgg4j_first_totals),
      BOTH(WITH_BARRIERS, vgg4j_first_statistics),
      BOTH(WITH_BARRIERS, vgg4j_first_finish),
      BOTH(PLAIN, vgg4j_max_pool),
      BOTH(PLAIN, vgg4j_max_pool_backward),
      BOTH(PLAIN, vgg4j_adaptive_avg_pool),
      BOTH(PLAIN, vgg4j_adaptive_avg_pool_backward),
      BOTH(PLAIN, vgg4j_lrn),
      BOTH(PLAIN, vgg4j_lrn_backward),
      BOTH(WITH_BARRIERS, vgg4j_cross_entropy),
      WITH_BARRIERS(vgg4j_loss_totals),
      BOTH(PLAIN, vgg4j_non_finite),
      PLAIN(vgg4j_accumulate),
      WITH_BARRIERS(vgg4j_clip_squares),
      WITH_BARRIERS(vgg4j_clip_factor),
      PLAIN(vgg4j_clip),
      PLAIN(vgg4j_average),
      PLAIN(vgg4j_exchange),
      PLAIN(vgg4j_adam_prepare),
      PLAIN(vgg4j_adam),
      PLAIN(vgg4j_sgd),
      PLAIN(vgg4j_sgd_momentum),
  };
  for (const Kernel& kernel : all) {
    if (!strcmp(kernel.name, name)) return &kernel;
  }
  return nullptr;
}

}  // namespace standin
