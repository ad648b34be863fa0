// The least that starting programs costs: vfork, exec and wait, two at a time. For benches/jobs.py.
//   spawn N PROGRAM
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void start(char *program) {
    pid_t pid = vfork();
    if (pid < 0) {
        perror("vfork");
        exit(1);
    }
    if (pid == 0) {
        char *argv[] = {program, NULL};
        execv(program, argv);
        _exit(127);
    }
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: spawn N PROGRAM\n");
        return 2;
    }
    long left = atol(argv[1]);
    int running = 0;
    while (left > 0 || running > 0) {
        while (left > 0 && running < 2) {
            start(argv[2]);
            left--;
            running++;
        }
        int status;
        if (wait(&status) < 0) {
            perror("wait");
            return 1;
        }
        if (status != 0) {
            fprintf(stderr, "a program failed\n");
            return 1;
        }
        running--;
    }
    return 0;
}
