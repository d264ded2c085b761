#ifndef SPARSEPIXELS_QDEPTHWISE_CONV2D_SPARSE_H_
#define SPARSEPIXELS_QDEPTHWISE_CONV2D_SPARSE_H_

#include "nnet_common.h"

// Sparsity-preserving depthwise convolution over all pairs of slots: every channel has a kernel of its own
//
//     out[i][c] = [hash_i != 0] (bias[c] + sum_j [hash_j != 0] W[hash_j - hash_i][c] x[j][c])
//
// CONFIG_T::pixels and channels say how many of each are computed at once; the loops over groups are pipelined.

namespace nnet {

template <class feat_T, class hash_T, class res_T, typename CONFIG_T>
void qdepthwise_conv2d_sparse(
    feat_T features[CONFIG_T::n_slots * CONFIG_T::n_chan], hash_T hash[CONFIG_T::n_slots * 2],
    res_T res[CONFIG_T::n_slots * CONFIG_T::n_chan],
    typename CONFIG_T::weight_t weights[CONFIG_T::kernel_height * CONFIG_T::kernel_width * CONFIG_T::n_chan],
    typename CONFIG_T::bias_t biases[CONFIG_T::n_chan]) {
    #pragma HLS ARRAY_PARTITION variable=weights complete
    #pragma HLS ARRAY_PARTITION variable=biases complete
    typedef typename CONFIG_T::accum_t accum_t;
    typedef typename CONFIG_T::offset_t offset_t; // signed, one bit wider than the hash
    static const unsigned N = CONFIG_T::n_slots, C = CONFIG_T::n_chan;
    static const int R_h = CONFIG_T::kernel_height / 2, R_w = CONFIG_T::kernel_width / 2;

Pixels:
    for (unsigned i0 = 0; i0 < N; i0 += CONFIG_T::pixels) {
    Channels:
        for (unsigned c0 = 0; c0 < C; c0 += CONFIG_T::channels) {
            #pragma HLS PIPELINE
            for (unsigned i = i0; i < i0 + CONFIG_T::pixels; i++) {
                for (unsigned c = c0; c < c0 + CONFIG_T::channels; c++) {
                    if (i >= N || c >= C)
                        continue;
                    accum_t sum = hash[2 * i] != 0 ? accum_t(biases[c]) : accum_t(0);
                    for (unsigned j = 0; j < N; j++) {
                        const offset_t d_row = offset_t(hash[2 * j]) - offset_t(hash[2 * i]);
                        const offset_t d_column = offset_t(hash[2 * j + 1]) - offset_t(hash[2 * i + 1]);
                        const bool both = hash[2 * i] != 0 && hash[2 * j] != 0;
                        if (!both || d_row < -R_h || d_row > R_h || d_column < -R_w || d_column > R_w)
                            continue;
                        const unsigned offset = (int(d_row) + R_h) * CONFIG_T::kernel_width + int(d_column) + R_w;
                        sum += weights[offset * C + c] * features[j * C + c];
                    }
                    res[i * C + c] = sum;
                }
            }
        }
    }
}

} // namespace nnet

#endif
