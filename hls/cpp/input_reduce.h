#ifndef SPARSEPIXELS_INPUT_REDUCE_H_
#define SPARSEPIXELS_INPUT_REDUCE_H_

#include "nnet_common.h"

// Input reduction: the first n_slots active pixels of the image, in raster order, as compact arrays
//
//     features[n][c] = image[p_n][c],   hash[n] = (row, column) of p_n, 1-based;   (0, 0) = empty slot, features 0
//     active(p)  <=>  image[p][0] > threshold
//
// One pass a slot: a binary tree of ceil(log2(H W)) levels finds the leftmost active pixel, which is then taken out.

namespace nnet {

template <class data_T, class hash_T, unsigned C> struct tree_node {
    bool active;
    hash_T row, column;
    data_T pixel[C];
};

template <class data_T, class feat_T, class hash_T, typename CONFIG_T>
void input_reduce(data_T image[CONFIG_T::height * CONFIG_T::width * CONFIG_T::n_chan],
                  feat_T features[CONFIG_T::n_slots * CONFIG_T::n_chan], hash_T hash[CONFIG_T::n_slots * 2]) {
    static const unsigned C = CONFIG_T::n_chan;
    static const unsigned n_pixels = CONFIG_T::height * CONFIG_T::width;
    const data_T threshold = CONFIG_T::threshold();

    bool active[n_pixels];
    #pragma HLS ARRAY_PARTITION variable=active complete
    for (unsigned p = 0; p < n_pixels; p++) {
        #pragma HLS UNROLL
        active[p] = image[p * C] > threshold;
    }

Slots:
    for (unsigned n = 0; n < CONFIG_T::n_slots; n++) {
        tree_node<data_T, hash_T, C> tree[CONFIG_T::tree_width];
        #pragma HLS ARRAY_PARTITION variable=tree complete
    Leaves:
        for (unsigned p = 0; p < CONFIG_T::tree_width; p++) {
            #pragma HLS UNROLL
            const unsigned q = p < n_pixels ? p : 0;
            tree[p].active = p < n_pixels && active[q];
            tree[p].row = q / CONFIG_T::width + 1;
            tree[p].column = q % CONFIG_T::width + 1;
            for (unsigned c = 0; c < C; c++)
                tree[p].pixel[c] = image[q * C + c];
        }
    Levels:
        for (unsigned width = CONFIG_T::tree_width / 2; width > 0; width /= 2) {
            #pragma HLS UNROLL
            for (unsigned k = 0; k < width; k++) {
                #pragma HLS UNROLL
                tree[k] = tree[2 * k].active ? tree[2 * k] : tree[2 * k + 1];
            }
        }

        const bool found = tree[0].active;
        hash[2 * n] = found ? tree[0].row : hash_T(0);
        hash[2 * n + 1] = found ? tree[0].column : hash_T(0);
        for (unsigned c = 0; c < C; c++)
            features[n * C + c] = found ? feat_T(tree[0].pixel[c]) : feat_T(0);

    Take:
        for (unsigned p = 0; p < n_pixels; p++) {
            #pragma HLS UNROLL
            if (tree[0].row == p / CONFIG_T::width + 1 && tree[0].column == p % CONFIG_T::width + 1)
                active[p] = false;
        }
    }
}

} // namespace nnet

#endif
