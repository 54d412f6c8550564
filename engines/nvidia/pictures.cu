// What lies between a picture in the GPU's memory and a network there, so that bytes cross the bus and nothing else.
// Plain C but for the four words of CUDA at the top of each kernel: the tests compile it for the processor, too.

// The mean of the source's pixels under one of the target's, each as far as it lies under it (cv2.INTER_AREA).
static __device__ float mean_under(const unsigned char *picture, int columns, int channel, float top, float bottom, float left,
                                   float right) {
    float sum = 0.0f, area = 0.0f;
    for (int y = (int)floorf(top); y < bottom; y++) {
        const float rows = fminf(y + 1.0f, bottom) - fmaxf((float)y, top);
        for (int x = (int)floorf(left); x < right; x++) {
            const float part = rows * (fminf(x + 1.0f, right) - fmaxf((float)x, left));
            sum += part * picture[((size_t)y * columns + x) * 3 + channel];
            area += part;
        }
    }
    return sum / area;
}

// The value between the four pixels around a place, whose pixels' centres are at whole numbers (cv2.INTER_LINEAR).
static __device__ float value_at(const unsigned char *picture, int rows, int columns, int channel, float y, float x) {
    y = fminf(fmaxf(y, 0.0f), rows - 1.0f);
    x = fminf(fmaxf(x, 0.0f), columns - 1.0f);
    const int above = (int)y, left = (int)x;
    const int below = above + 1 < rows ? above + 1 : above, right = left + 1 < columns ? left + 1 : left;
    const float down = y - above, across = x - left;
    const unsigned char *upper = picture + (size_t)above * columns * 3 + channel;
    const unsigned char *lower = picture + (size_t)below * columns * 3 + channel;
    return (1.0f - down) * ((1.0f - across) * upper[left * 3] + across * upper[right * 3]) +
           down * ((1.0f - across) * lower[left * 3] + across * lower[right * 3]);
}

// engines.tensors.lay: a (rows, columns, 3) blue-green-red picture, `height` x `width` in the corner of a bucket, the rest grey,
// normalised, as planes.  A thread makes one pixel of the bucket.  Colour: 0 blue-green-red, 1 red-green-blue, 2 grey.
extern "C" __global__ void lay(const unsigned char *picture, float *tensor, int rows, int columns, int bucket_rows,
                               int bucket_columns, int height, int width, int colour, int padding, float mean_0, float mean_1,
                               float mean_2, float std_0, float std_1, float std_2) {
    const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= bucket_columns || y >= bucket_rows) return;
    float seen[3] = {(float)padding, (float)padding, (float)padding};
    if (x < width && y < height) {
        const float down = (float)rows / height, across = (float)columns / width;
        for (int channel = 0; channel < 3; channel++) {
            const float value =
                width <= columns && height <= rows
                    ? mean_under(picture, columns, channel, y * down, fminf((y + 1) * down, (float)rows), x * across,
                                 fminf((x + 1) * across, (float)columns))
                    : value_at(picture, rows, columns, channel, (y + 0.5f) * down - 0.5f, (x + 0.5f) * across - 0.5f);
            seen[channel] = rintf(value);
        }
    }
    const size_t plane = (size_t)bucket_rows * bucket_columns, place = (size_t)y * bucket_columns + x;
    if (colour == 2) {
        // ITU-R BT.601, as in cv2.COLOR_BGR2GRAY
        tensor[place] = (rintf(0.114f * seen[0] + 0.587f * seen[1] + 0.299f * seen[2]) - mean_0) / std_0;
        return;
    }
    tensor[place] = (seen[colour == 1 ? 2 : 0] - mean_0) / std_0;
    tensor[plane + place] = (seen[1] - mean_1) / std_1;
    tensor[2 * plane + place] = (seen[colour == 1 ? 0 : 2] - mean_2) / std_2;
}

// Rows and columns of maps in 255ths, each pixel on the side of its map's threshold that it was on; a thread takes one pixel of
// all maps.  The steps are from a pixel of the maps to the next plane, row and column.
extern "C" __global__ void keep(const float *maps, unsigned char *kept, int planes, int rows, int columns, int plane_step,
                                int row_step, int column_step, float least_0, float least_1) {
    const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= columns || y >= rows) return;
    for (int plane = 0; plane < planes; plane++) {
        const float least = plane ? least_1 : least_0;
        const float value = maps[(size_t)plane * plane_step + (size_t)y * row_step + (size_t)x * column_step];
        const float steps = rintf(fminf(fmaxf(value, 0.0f), 1.0f) * 255.0f);
        const float above = floorf(least * 255.0f) + 1.0f, below = fmaxf(ceilf(least * 255.0f) - 1.0f, 0.0f);
        kept[((size_t)plane * rows + y) * columns + x] =
            (unsigned char)(value > least ? fmaxf(steps, above) : fminf(steps, below));
    }
}
