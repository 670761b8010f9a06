/* What every view can, by what it has. */
#include "io/view.h"

enum view_result view_fold_all(struct view *view, struct view_fold *folds, size_t count, struct err_note *note)
{
    if (view->ops->fold_all != NULL) {
        return view->ops->fold_all(view, folds, count, note);
    }
    enum view_result failed = VIEW_OK;
    for (size_t i = 0; i < count; i++) {
        struct view_fold *fold = &folds[i];
        fold->result = failed;
        if (failed == VIEW_OK) {
            fold->index = fold->before;
            fold->result = view->ops->fold(view, fold->group, fold->before, fold->after, fold->entries,
                                           fold->count, &fold->index, note);
            failed = fold->result > VIEW_LOST ? fold->result : VIEW_OK;
        }
    }
    return failed;
}
