// A question before something that cannot be taken back.
import { useRef, type ReactNode } from "react";
import { Dialog, DialogDismiss, DialogHeading } from "@ariakit/react/dialog";
import { useText } from "../i18n/text";
import { Button, Notice } from "./parts";

export function Ask(props: {
  open: boolean;
  title: string;
  text?: string;
  yes: string;
  danger?: boolean;
  busy?: boolean;
  error?: string | null;
  onYes: () => void;
  onClose: () => void;
  children?: ReactNode;
}) {
  const t = useText();
  const first = useRef<HTMLButtonElement>(null);
  return (
    <Dialog
      open={props.open}
      onClose={props.onClose}
      className="dialog"
      backdrop={<div className="backdrop" />}
      initialFocus={props.children ? null : first}
      unmountOnHide
    >
      <DialogHeading className="dialog-title">{props.title}</DialogHeading>
      {props.text && <p>{props.text}</p>}
      {props.children}
      {props.error && <Notice tone="bad">{props.error}</Notice>}
      <div className="dialog-actions">
        <DialogDismiss ref={first} className="button button-plain" aria-label={t.keep}>
          {t.keep}
        </DialogDismiss>
        <Button look={props.danger ? "danger" : "strong"} busy={props.busy ?? false} onClick={props.onYes}>
          {props.yes}
        </Button>
      </div>
    </Dialog>
  );
}
