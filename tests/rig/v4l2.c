/* A USB camera's kernel side, preloaded under OpenCV: every open of /dev/null is its node.
 *
 * CAMERA says what it does: "" 30 random pictures a second; "frozen" the same picture again;
 * "backwards" a stamp before the last one; "realtime" stamps of another clock; "loopback" another
 * driver's name; "metadata" a node without pictures. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

enum { WIDTH = 640, HEIGHT = 480, BYTES = WIDTH * HEIGHT * 2, SPACING = 0x200000, BUFFERS = 16 };
static unsigned char *pictures[BUFFERS];
static unsigned queue[64], taken, given;
static long shown;

static int is(const char *what) {
    const char *mode = getenv("CAMERA");
    return mode && !strcmp(mode, what);
}

static int is_camera(int fd) {
    struct stat found;
    return !fstat(fd, &found) && S_ISCHR(found.st_mode) && found.st_rdev == makedev(1, 3);
}

static int name(struct v4l2_capability *caps) {
    memset(caps, 0, sizeof *caps);
    strcpy((char *)caps->driver, is("loopback") ? "v4l2 loopback" : "uvcvideo");
    strcpy((char *)caps->bus_info, "usb-0000:01:00.0-1.2");
    caps->capabilities = 0x84A00001;
    caps->device_caps = is("metadata") ? 0x04A00000 : 0x04200001;
    return 0;
}

static int picture(struct v4l2_buffer *buffer) {
    struct timespec frame = {0, 33333333}, now;
    if (taken == given)
        return errno = EINVAL, -1;
    nanosleep(&frame, NULL);
    clock_gettime(is("realtime") ? CLOCK_REALTIME : CLOCK_MONOTONIC, &now);
    buffer->index = queue[taken++ % 64];
    buffer->length = buffer->bytesused = BYTES;
    buffer->m.offset = buffer->index * SPACING;
    buffer->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    buffer->timestamp.tv_sec = now.tv_sec - (is("backwards") && ++shown > 3);
    buffer->timestamp.tv_usec = now.tv_nsec / 1000;
    for (int i = 0; i < BYTES; i++)
        pictures[buffer->index][i] = is("frozen") ? i * 7 : rand() >> 8;
    return 0;
}

static int answer(unsigned long request, void *p) {
    struct v4l2_format *format = p;
    struct v4l2_buffer *buffer = p;
    struct v4l2_streamparm *rate = p;
    switch (request) {
    case VIDIOC_QUERYCAP:
        return name(p);
    case VIDIOC_G_FMT: case VIDIOC_S_FMT: case VIDIOC_TRY_FMT:
        format->fmt.pix.width = WIDTH;
        format->fmt.pix.height = HEIGHT;
        format->fmt.pix.pixelformat = V4L2_PIX_FMT_YUYV;
        format->fmt.pix.bytesperline = WIDTH * 2;
        format->fmt.pix.sizeimage = BYTES;
        return 0;
    case VIDIOC_G_PARM: case VIDIOC_S_PARM:
        rate->parm.capture.timeperframe.numerator = 1;
        rate->parm.capture.timeperframe.denominator = 30;
        return 0;
    case VIDIOC_QUERYBUF:
        buffer->length = BYTES;
        buffer->m.offset = buffer->index * SPACING;
        return 0;
    case VIDIOC_QBUF:
        queue[given++ % 64] = buffer->index;
        return 0;
    case VIDIOC_DQBUF:
        return picture(buffer);
    case VIDIOC_REQBUFS:
        taken = given = 0;
        return 0;
    case VIDIOC_STREAMON: case VIDIOC_STREAMOFF:
        return 0;
    }
    return errno = EINVAL, -1;
}

int ioctl(int fd, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void *p = va_arg(rest, void *);
    va_end(rest);
    int (*real)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
    return is_camera(fd) ? answer(request, p) : real(fd, request, p);
}

void *mmap64(void *at, size_t bytes, int access, int flags, int fd, off64_t offset) {
    void *(*real)(void *, size_t, int, int, int, off64_t) = dlsym(RTLD_NEXT, "mmap64");
    if (fd < 0 || !is_camera(fd))
        return real(at, bytes, access, flags, fd, offset);
    void *made = real(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pictures[offset / SPACING] = made;
}

void *mmap(void *at, size_t bytes, int access, int flags, int fd, off_t offset) {
    return mmap64(at, bytes, access, flags, fd, offset);
}
