;;; A session in Emacs: what eglot and Flymake have to say is printed, a line each.  -*- lexical-binding: t -*-

;; Loaded after the user's init file, in a folder with the tides, under `emacs --batch'.

(package-initialize)
(require 'eglot)

(defun story-wait (what test)
  "Wait until TEST gives something, and give that; say WHAT came to nothing else."
  (with-timeout (20 (message "in vain: %s" what) (kill-emacs 1))
    (let (found)
      (while (not (setq found (funcall test))) (accept-process-output nil 0.02))
      found)))

(defun story-completions ()
  "What there is to complete at point."
  (let* ((found (run-hook-with-args-until-success 'completion-at-point-functions))
         (typed (buffer-substring (nth 0 found) (nth 1 found))))
    (mapcar #'substring-no-properties (all-completions typed (nth 2 found)))))

(defun story-hover ()
  "What is known of the name at point."
  (let ((answer (jsonrpc-request (eglot-current-server) :textDocument/hover
                                 (eglot--TextDocumentPositionParams))))
    (eglot--hover-info (plist-get answer :contents) (plist-get answer :range))))

(defun story-problems ()
  "Lines and texts of the problems, the first one first."
  (sort (mapcar (lambda (one)
                  (format "%03d %s" (line-number-at-pos (flymake-diagnostic-beg one))
                          (flymake-diagnostic-text one)))
                (flymake-diagnostics))
        #'string<))

(defun story-told ()
  "Tell the server what was edited; eglot does when Emacs is idle, which it never is here."
  (eglot--signal-textDocument/didChange)
  (flymake-start))

(find-file (expand-file-name "broken.lua"))
;; `eglot-ensure' waits for a command to end, and there is none here.
(apply #'eglot (eglot--guess-contact))
(story-wait "a server" (lambda () eglot--managed-mode))
(flymake-start)
(dolist (problem (story-wait "problems" #'story-problems))
  (message "problem %s" problem))

(find-file (expand-file-name "main.lua"))
(goto-char (point-max))
(insert "local = 1\n")
(story-told)
(message "new %s" (story-wait "a problem" #'story-problems))
(forward-line -1)
(kill-whole-line)
(story-told)
(story-wait "its end" (lambda () (null (story-problems))))

(insert "string.re")
(message "completions %S" (story-completions))
(kill-whole-line 0)
(goto-char (point-min))
(search-forward "  print_curve(")
(backward-char 3)
(message "hover %s" (story-hover))
(xref-find-definitions (thing-at-point 'symbol))
(message "definition %s" (line-number-at-pos))

(tidelock-run)
(story-wait "the run's end"
            (lambda ()
              (with-current-buffer (get-buffer-create "*tidelock*")
                (goto-char (point-min))
                (search-forward "[ok]" nil t))))
(with-current-buffer "*tidelock*"
  (message "printed %s" (buffer-string)))
(goto-char (point-max))
(insert "harbour.by_name.M")
(message "left behind %S" (story-completions))
(set-buffer-modified-p nil)
(eglot-shutdown (eglot-current-server))
(message "done")
