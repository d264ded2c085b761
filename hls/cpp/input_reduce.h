#ifndef SPARSEPIXELS_INPUT_REDUCE_H_
#define SPARSEPIXELS_INPUT_REDUCE_H_

#include "nnet_common.h"

// Input reduction: active pixels of the image that are worth its n_slots slots, in raster order, as compact arrays
//
//     features[n][c] = pixel[p_n][c],   hash[n] = (row, column) of p_n, 1-based;   (0, 0) = empty slot, features 0
//     active(p)  <=>  pixel[p][0] > level(0), the threshold
//
// cut_patches: with a patch a pixel is one, channel 0 its largest value. choose: which pixels may have a slot. Then one
// pass a slot: a binary tree of ceil(log2(H W)) levels finds the leftmost of them, which is then taken out.

namespace nnet {

template <class data_T, class hash_T, unsigned C> struct tree_node {
    bool active;
    hash_T row, column;
    data_T pixel[C];
};

template <class data_T, typename CONFIG_T>
void cut_patches(data_T image[CONFIG_T::height * CONFIG_T::patch_height * CONFIG_T::width * CONFIG_T::patch_width],
                 data_T pixel[CONFIG_T::height * CONFIG_T::width * CONFIG_T::n_chan]) {
    static const unsigned C = CONFIG_T::n_chan;
    for (unsigned p = 0; p < CONFIG_T::height * CONFIG_T::width; p++) {
        #pragma HLS UNROLL
        const unsigned row = p / CONFIG_T::width * CONFIG_T::patch_height, column = p % CONFIG_T::width * CONFIG_T::patch_width;
        for (unsigned c = 1; c < C; c++) {
            #pragma HLS UNROLL
            const unsigned y = row + (c - 1) / CONFIG_T::patch_width, x = column + (c - 1) % CONFIG_T::patch_width;
            const data_T value = image[y * CONFIG_T::width * CONFIG_T::patch_width + x];
            pixel[p * C + c] = value;
            if (c == 1 || value > pixel[p * C])
                pixel[p * C] = value;
        }
    }
}

// The n_slots largest, of equals the first: one pass a slot
template <class data_T, typename CONFIG_T>
void choose_largest(data_T pixel[CONFIG_T::height * CONFIG_T::width * CONFIG_T::n_chan],
                    bool chosen[CONFIG_T::height * CONFIG_T::width]) {
    static const unsigned n_pixels = CONFIG_T::height * CONFIG_T::width;
    const data_T threshold = CONFIG_T::level(0);
    for (unsigned p = 0; p < n_pixels; p++) {
        #pragma HLS UNROLL
        chosen[p] = false;
    }
Largest:
    for (unsigned n = 0; n < CONFIG_T::n_slots; n++) {
        bool found = false;
        unsigned best = 0;
        for (unsigned p = 0; p < n_pixels; p++) {
            const data_T value = pixel[p * CONFIG_T::n_chan];
            if (value > threshold && !chosen[p] && (!found || value > pixel[best * CONFIG_T::n_chan])) {
                found = true;
                best = p;
            }
        }
        if (found)
            chosen[best] = true;
    }
}

// All above the lowest level that leaves at most n_slots pixels, else above the highest; then, while there are fewer, the
// first above the next lower level. Of one level all active pixels: the slots take the first.
template <class data_T, typename CONFIG_T>
void choose_above(data_T pixel[CONFIG_T::height * CONFIG_T::width * CONFIG_T::n_chan],
                  bool chosen[CONFIG_T::height * CONFIG_T::width]) {
    typedef ap_uint<CONFIG_T::count_bits> count_t;
    static const unsigned n_pixels = CONFIG_T::height * CONFIG_T::width;
    data_T high = CONFIG_T::level(0), low = high; // nothing lies between the two: nothing is filled up
    count_t free = 0;
Levels:
    for (unsigned k = 0; CONFIG_T::n_levels > 1 && k < CONFIG_T::n_levels; k++) {
        #pragma HLS UNROLL
        const data_T level = CONFIG_T::level(k);
        count_t count = 0;
        for (unsigned p = 0; p < n_pixels; p++) {
            #pragma HLS UNROLL
            count += pixel[p * CONFIG_T::n_chan] > level;
        }
        if (level == high) // the one that leaves few enough, so far
            free = count < CONFIG_T::n_slots ? CONFIG_T::n_slots - unsigned(count) : 0;
        if (level == high && count > CONFIG_T::n_slots && k + 1 < CONFIG_T::n_levels) {
            low = high;
            high = CONFIG_T::level(k + 1);
        }
    }
Choose:
    for (unsigned p = 0; p < n_pixels; p++) {
        #pragma HLS UNROLL
        const data_T value = pixel[p * CONFIG_T::n_chan];
        const bool fills = value > low && !(value > high) && free > 0;
        chosen[p] = value > high || fills;
        if (fills)
            free--;
    }
}

template <class data_T, class feat_T, class hash_T, typename CONFIG_T>
void take_pixels(data_T pixel[CONFIG_T::height * CONFIG_T::width * CONFIG_T::n_chan],
                 feat_T features[CONFIG_T::n_slots * CONFIG_T::n_chan], hash_T hash[CONFIG_T::n_slots * 2]) {
    static const unsigned C = CONFIG_T::n_chan;
    static const unsigned n_pixels = CONFIG_T::height * CONFIG_T::width;

    bool active[n_pixels];
    #pragma HLS ARRAY_PARTITION variable=active complete
    if (CONFIG_T::largest)
        choose_largest<data_T, CONFIG_T>(pixel, active);
    else
        choose_above<data_T, CONFIG_T>(pixel, active);

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
                tree[p].pixel[c] = pixel[q * C + c];
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

template <class data_T, class feat_T, class hash_T, typename CONFIG_T>
void input_reduce(data_T image[CONFIG_T::height * CONFIG_T::patch_height * CONFIG_T::width * CONFIG_T::patch_width *
                               CONFIG_T::image_chan],
                  feat_T features[CONFIG_T::n_slots * CONFIG_T::n_chan], hash_T hash[CONFIG_T::n_slots * 2]) {
    if (CONFIG_T::patch_height * CONFIG_T::patch_width == 1) {
        take_pixels<data_T, feat_T, hash_T, CONFIG_T>(image, features, hash);
        return;
    }
    data_T pixel[CONFIG_T::height * CONFIG_T::width * CONFIG_T::n_chan];
    #pragma HLS ARRAY_PARTITION variable=pixel complete
    cut_patches<data_T, CONFIG_T>(image, pixel);
    take_pixels<data_T, feat_T, hash_T, CONFIG_T>(pixel, features, hash);
}

} // namespace nnet

#endif
