/*
 * version.h - the one place that names the version of memscope and of its trace format.
 */
#ifndef MS_FORMAT_VERSION_H
#define MS_FORMAT_VERSION_H

#define MS_VERSION "0.1.0"
#define MS_FORMAT_VERSION 3u        /* what this version writes */
#define MS_FORMAT_MIN_READER 3u     /* oldest reader version that can read it */

#endif
