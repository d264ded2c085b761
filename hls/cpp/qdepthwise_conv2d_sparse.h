#ifndef SPARSEPIXELS_QDEPTHWISE_CONV2D_SPARSE_H_
#define SPARSEPIXELS_QDEPTHWISE_CONV2D_SPARSE_H_

#include "kernel_offset.h"
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
    static const unsigned N = CONFIG_T::n_slots, C = CONFIG_T::n_chan;

Pixels:
    for (unsigned i0 = 0; i0 < N; i0 += CONFIG_T::pixels) {
    Channels:
        for (unsigned c0 = 0; c0 < C; c0 += CONFIG_T::channels) {
            #pragma HLS PIPELINE
            for (unsigned i = i0; i < i0 + CONFIG_T::pixels; i++) {
                for (unsigned c = c0; c < c0 + CONFIG_T::channels; c++) {
                    if (i >= N || c >= C)
                        continue;
                    typename CONFIG_T::accum_t sum = 0;
                    if (hash[2 * i] != 0)
                        sum = biases[c];
                    for (unsigned j = 0; j < N; j++) {
                        const int offset = kernel_offset<hash_T, CONFIG_T>(hash, i, j);
                        if (offset >= 0)
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
